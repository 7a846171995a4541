package dev.tartan.train;

import dev.tartan.graph.DType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.LanguageModel;
import dev.tartan.partition.CollectiveSchedule;
import dev.tartan.partition.OffloadStates;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.partition.ScheduleCollectives;
import dev.tartan.partition.StartCollectives;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.PlanMemory;
import dev.tartan.train.config.DataConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.ConfiguredRun;
import dev.tartan.train.graph.LogitsGraph;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All that ranks need to train: made once on the driver, sent to executors. Plain data, no tensors.
 *
 * @param step the training step; inputs are the states, {@code step} and the batch fields
 * @param logits the program that generates text after training, on a mesh of one model group, so that one process can
 *     run it alone; null if the run has none to generate
 * @param states parameters first, then optimizer state
 * @param gradientBytesPerDevice memory of all gradients of a rank once the backward pass is over
 * @param numParameters elements of all parameters, without padding
 * @param notes what the compiler wants the user to know
 */
public record TrainingPlan(
        RunConfig config,
        Mesh mesh,
        CompiledProgram step,
        @Nullable CompiledProgram logits,
        List<PlannedState> states,
        long gradientBytesPerDevice,
        long numParameters,
        List<String> notes) {
    /** The mesh axes, in order. */
    public static final List<String> AXES = List.of("data", "model");

    /** How many buckets of gradients may be under way at once. */
    private static final long SCATTERS_UNDER_WAY = 4;

    private static final long LEAST_BUCKET_BYTES = 1 << 16;

    /** A bucket has no more than this part of a rank's gradients. */
    private static final long LEAST_BUCKETS = 8;

    public TrainingPlan {
        states = List.copyOf(states);
        notes = List.copyOf(notes);
    }

    /**
     * Compiles a run.
     *
     * @param traits of the backend that will run it
     * @throws IllegalArgumentException if the network does not fit the mesh
     */
    public static TrainingPlan compile(RunConfig config, DeviceTraits traits) {
        return compile(config, traits, false);
    }

    /** As {@link #compile(RunConfig, DeviceTraits)}, with the gradients as outputs of the step if asked for. */
    public static TrainingPlan compile(RunConfig config, DeviceTraits traits, boolean gradientOutputs) {
        if (config.strategy().isAutomatic()) {
            throw new IllegalStateException("strategy of the run is still to be picked: strategy=auto");
        }
        Mesh mesh = mesh(config.mesh().data(), config.mesh().model());
        ConfiguredRun run = ConfiguredRun.of(
                config.network(), config.optimizer(), config.train().steps());
        StepOptions options = new StepOptions(
                mesh,
                config.train().globalBatch(),
                config.train().microBatches(),
                config.train().seed(),
                DType.FLOAT32,
                gradientOutputs,
                config.strategy());
        TrainStepGraph graph = TrainStepGraph.trace(run.network(), run.optimizer(), run.clip(), options);
        CompiledProgram step = compileStep(mesh, graph, config.strategy(), traits);
        List<String> notes = new ArrayList<>(graph.notes());
        notes.addAll(step.program().notes());
        if (run.network() instanceof LanguageModel network
                && config.data() instanceof DataConfig.Text
                && config.init().from() == null) {
            notes.addAll(TextVocabulary.notes(network.vocab()));
        }
        return new TrainingPlan(
                config,
                mesh,
                step,
                compileLogits(config, run, traits),
                graph.states().stream().map(PlannedState::of).toList(),
                graph.gradientBytesPerDevice(),
                run.network().numParameters(),
                notes);
    }

    private static Mesh mesh(int data, int model) {
        return Mesh.of(
                Device.cpus(Math.multiplyExact(data, model)), Shape.shape(data, model), AXES.toArray(new String[0]));
    }

    private static CompiledProgram compileStep(
            Mesh mesh, TrainStepGraph graph, StrategyConfig strategy, DeviceTraits traits) {
        Map<Value, PartitionSpec> given = new LinkedHashMap<>();
        Map<String, PartitionSpec> outputs = new LinkedHashMap<>();
        Map<String, String> replaced = new LinkedHashMap<>();
        graph.states().forEach(state -> {
            given.put(state.input(), state.spec());
            String label = state.outputLabel();
            if (label != null) {
                outputs.put(label, state.spec());
                replaced.put(label, state.name());
            }
            String gradient = TrainStepGraph.gradientLabel(state.name());
            if (graph.graph().outputs().containsKey(gradient)) {
                outputs.put(gradient, state.spec());
            }
        });
        graph.batch().forEach(field -> given.put(field.input(), field.spec()));
        Program partitioned = PartitionGraph.run(mesh, graph.graph(), given, outputs, graph.gradients());
        long bucketBytes = bucketBytes(mesh, graph, strategy);
        Program scheduled = ScheduleCollectives.run(partitioned, schedule(strategy, bucketBytes));
        Program program = strategy.overlap() && mesh.numRanks() > 1
                ? StartCollectives.run(
                        scheduled,
                        ScheduleCollectives.movable(scheduled),
                        SCATTERS_UNDER_WAY * Math.max(bucketBytes, LEAST_BUCKET_BYTES))
                : scheduled;
        Program placed = OffloadStates.run(program, offloaded(graph, strategy, traits));
        return new CompiledProgram(placed, PlanMemory.run(placed, replaced, traits));
    }

    /** Optimizer state that is to wait in host memory: none if it is there anyway. */
    private static Map<String, String> offloaded(TrainStepGraph graph, StrategyConfig strategy, DeviceTraits traits) {
        Map<String, String> states = new LinkedHashMap<>();
        if (strategy.offloadOptimizer() && !traits.sharesHostMemory()) {
            for (StateBinding state : graph.states()) {
                String label = state.outputLabel();
                if (label != null && state.kind() == StateBinding.Kind.OPTIMIZER) {
                    states.put(label, state.name());
                }
            }
        }
        return states;
    }

    /**
     * A network of few bytes is reduced in several buckets, too: one alone would hide behind nothing, and all be held.
     */
    private static long bucketBytes(Mesh mesh, TrainStepGraph graph, StrategyConfig strategy) {
        long parameterBytes = graph.states().stream()
                .filter(state -> state.kind() == StateBinding.Kind.PARAMETER)
                .mapToLong(state -> usedBytes(mesh, state))
                .sum();
        return Math.min(strategy.bucketBytes(), parameterBytes / LEAST_BUCKETS);
    }

    private static long usedBytes(Mesh mesh, StateBinding state) {
        StorageLayout layout = state.layout();
        Shape local = NamedSharding.of(mesh, layout.usedSpec()).localShape(layout.used());
        return state.input().type().withShape(local).bytes();
    }

    private static CollectiveSchedule schedule(StrategyConfig strategy, long bucketBytes) {
        return new CollectiveSchedule(
                bucketBytes, strategy.overlap() ? strategy.prefetchBytes() : 0, strategy.zero() != 1);
    }

    private static @Nullable CompiledProgram compileLogits(RunConfig config, ConfiguredRun run, DeviceTraits traits) {
        if (!(run.network() instanceof LanguageModel network) || !(config.data() instanceof DataConfig.Text)) {
            return null;
        }
        Mesh mesh = mesh(1, config.mesh().model());
        LogitsGraph graph = LogitsGraph.trace(network, mesh, DType.FLOAT32);
        Map<Value, PartitionSpec> given = new LinkedHashMap<>();
        graph.parameters().forEach(state -> given.put(state.input(), state.spec()));
        given.put(graph.tokens(), graph.tokensSpec());
        Program program = PartitionGraph.run(mesh, graph.graph(), given, Map.of());
        Set<String> parameters =
                graph.parameters().stream().map(StateBinding::name).collect(Collectors.toUnmodifiableSet());
        return new CompiledProgram(program, PlanMemory.run(program, Map.of(), parameters, traits));
    }

    /** Whether the step gives the gradients too. */
    public boolean hasGradientOutputs() {
        String label = TrainStepGraph.gradientLabel(parameters().get(0).name());
        return step.program().outputs().stream()
                .anyMatch(output -> output.name().equals(label));
    }

    /** The parameters among the states. */
    public List<PlannedState> parameters() {
        return states.stream().filter(PlannedState::isParameter).toList();
    }

    /** Bytes of each rank's parameters. */
    public long parameterBytesPerDevice() {
        return stateBytes(true);
    }

    /** Bytes of each rank's optimizer state. */
    public long optimizerBytesPerDevice() {
        return stateBytes(false);
    }

    private long stateBytes(boolean parameters) {
        return states.stream()
                .filter(state -> state.isParameter() == parameters)
                .mapToLong(state -> step.program()
                        .typeOf(step.program().input(state.name()).value())
                        .bytes())
                .sum();
    }
}
