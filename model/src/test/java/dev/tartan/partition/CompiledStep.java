package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.LinkedHashMap;
import java.util.Map;

/** A training step as a graph and as the program for its mesh, states and gradients laid out as the network says. */
record CompiledStep(TrainStepGraph step, Program program) {
    static final Optimizer ADAMW =
            new AdamWOptimizer(1e-2, 0.9, 0.95, 1e-8, 0.1, new Schedule(Schedule.Kind.COSINE, 2, 10));
    static final ClipGlobalNorm CLIP = new ClipGlobalNorm(1);

    static CompiledStep of(Network network, Optimizer optimizer, ClipGlobalNorm clip, StepOptions options) {
        TrainStepGraph step = TrainStepGraph.trace(network, optimizer, clip, options);
        Map<String, PartitionSpec> outputs = new LinkedHashMap<>(step.outputSpecs());
        if (options.gradientOutputs()) {
            step.states().stream()
                    .filter(state -> state.kind() == StateBinding.Kind.PARAMETER)
                    .forEach(state -> outputs.put(TrainStepGraph.gradientLabel(state.name()), state.spec()));
        }
        return new CompiledStep(
                step, PartitionGraph.run(options.mesh(), step.graph(), step.inputSpecs(), outputs, step.trained()));
    }

    /** AdamW with clipping in float32. */
    static CompiledStep of(Network network, Mesh mesh, long globalBatch) {
        return of(network, ADAMW, CLIP, StepOptions.of(mesh, globalBatch, 7));
    }

    /** Options for comparing numbers, with a stage of ZeRO. */
    static StepOptions exact(Mesh mesh, long globalBatch, int microBatches, StrategyConfig strategy) {
        return exact(mesh, globalBatch, microBatches).withStrategy(strategy);
    }

    /** Options for comparing numbers: float64, gradients as outputs. */
    static StepOptions exact(Mesh mesh, long globalBatch, int microBatches) {
        return new StepOptions(
                mesh,
                globalBatch,
                microBatches,
                7,
                PrecisionPolicy.of(DType.FLOAT64),
                true,
                StrategyConfig.defaults(),
                PresentFields.REQUIRED);
    }
}
