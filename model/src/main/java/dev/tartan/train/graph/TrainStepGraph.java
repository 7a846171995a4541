package dev.tartan.train.graph;

import dev.tartan.graph.Graph;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.Network;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.train.config.PrecisionPolicy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One optimizer update as a graph: forward, backward, gradient norm, clipping, update. Inputs are all states, the step
 * number and the batch; outputs are {@link #LOSS} and what the network reports (before the update), {@link #GRAD_NORM}
 * (before clipping), the new value of every state and, if asked for, {@code grad.<parameter>}.
 *
 * @param states parameters first, then optimizer state, each in the network's order
 * @param step INT32 scalar, counting from 0
 * @param trained parameters, their gradients, those of single micro-batches and the sums of several included, and what
 *     replaces states
 * @param gradientBytesPerDevice memory of all gradients of a rank once the backward pass is over
 * @param notes what was padded or left whole because the mesh does not divide it, for people
 */
public record TrainStepGraph(
        Graph graph,
        List<StateBinding> states,
        Value step,
        List<BatchBinding> batch,
        TrainedValues trained,
        long gradientBytesPerDevice,
        List<String> notes) {
    /** The output with the mean loss of the global batch. */
    public static final String LOSS = "loss";

    /** The output with the norm of all gradients. */
    public static final String GRAD_NORM = "gradNorm";

    /** The name under which steps report the scale of their loss, if it changes. */
    public static final String LOSS_SCALE = LossScaling.SCALE;

    private static final String REPORT = "report.";
    private static final String NEW = "new.";
    private static final String GRADIENT = "grad.";

    public TrainStepGraph {
        states = List.copyOf(states);
        batch = List.copyOf(batch);
        notes = List.copyOf(notes);
    }

    /**
     * Traces a step.
     *
     * @throws IllegalArgumentException if a parameter does not divide over the mesh, or shapes in the network do not
     *     fit
     */
    public static TrainStepGraph trace(Network network, Optimizer optimizer, ClipGlobalNorm clip, StepOptions options) {
        return new TrainStepTracer(network, optimizer, clip, options).trace();
    }

    /** This step computed in other types. */
    TrainStepGraph in(PrecisionPolicy precision, Set<Value> networkInputs, Set<Value> seeds) {
        CastToPolicy.Result cast = CastToPolicy.run(graph, trained, networkInputs, seeds, precision);
        return new TrainStepGraph(
                cast.graph(),
                states.stream().map(state -> state.of(cast)).toList(),
                cast.of(step),
                batch.stream().map(binding -> binding.of(cast)).toList(),
                cast.trained(),
                gradientBytesPerDevice,
                notes);
    }

    /** The layouts of the inputs, for the compiler; the step number is on every rank. */
    public Map<Value, PartitionSpec> inputSpecs() {
        Map<Value, PartitionSpec> specs = new LinkedHashMap<>();
        states.forEach(state -> specs.put(state.input(), state.spec()));
        batch.forEach(binding -> specs.put(binding.input(), binding.spec()));
        return specs;
    }

    /** The layouts of the outputs that replace states, by label; all other outputs are on every rank. */
    public Map<String, PartitionSpec> outputSpecs() {
        Map<String, PartitionSpec> specs = new LinkedHashMap<>();
        for (StateBinding state : states) {
            String label = state.outputLabel();
            if (label != null) {
                specs.put(label, state.spec());
            }
        }
        return specs;
    }

    /** The output with the number that the network reports as {@code name}. */
    public static String reportLabel(String name) {
        return REPORT + name;
    }

    /** Whether a step's update is of use: neither number is NaN or infinite. */
    public static boolean isFinite(double loss, double gradNorm) {
        return SkippedUpdates.isFinite((float) loss, (float) gradNorm);
    }

    /**
     * Whether a step that was skipped asks for nothing but a smaller scale of the loss, which it has halved.
     *
     * @param reports of the step
     */
    public static boolean lowersLossScale(double loss, Map<String, Double> reports) {
        Double scale = reports.get(LossScaling.SCALE);
        return scale != null && scale > 1 && Double.isFinite(loss);
    }

    /** Whether an output is a number that the network reports. */
    public static boolean isReport(String label) {
        return label.startsWith(REPORT);
    }

    /** The name under which the network reports an output. */
    public static String reportName(String label) {
        return label.substring(REPORT.length());
    }

    /** The output that replaces the state called {@code name}. */
    public static String newLabel(String name) {
        return NEW + name;
    }

    /** The output with the gradient of the parameter called {@code name}. */
    public static String gradientLabel(String name) {
        return GRADIENT + name;
    }
}
