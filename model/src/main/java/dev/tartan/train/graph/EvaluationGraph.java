package dev.tartan.train.graph;

import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Network;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.PrecisionPolicy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A forward pass without training as a graph: its inputs are the parameters as the training step keeps them, and one
 * micro-batch whose samples have weights. Outputs are the loss and what the network reports, under the labels of
 * {@link TrainStepGraph}, each with the sum of weights that it was divided by, so that means over several batches are
 * exact.
 *
 * @param parameters the inputs that hold parameters, laid out and named as in the training step
 */
public record EvaluationGraph(Graph graph, List<StateBinding> parameters, List<BatchBinding> batch) {
    private static final String DIVISOR = "divisor.";

    public EvaluationGraph {
        parameters = List.copyOf(parameters);
        batch = List.copyOf(batch);
    }

    /** The output that a number was divided by, given the label of the number. */
    public static String divisorLabel(String label) {
        return DIVISOR + label;
    }

    /** What its numbers are called: {@code loss}, and the names of reports. */
    public List<String> names() {
        return graph.outputs().keySet().stream()
                .filter(label -> !label.startsWith(DIVISOR))
                .map(label -> TrainStepGraph.isReport(label) ? TrainStepGraph.reportName(label) : label)
                .toList();
    }

    /** The layouts of the inputs, for the compiler. */
    public Map<Value, PartitionSpec> inputSpecs() {
        Map<Value, PartitionSpec> specs = new LinkedHashMap<>();
        parameters.forEach(parameter -> specs.put(parameter.input(), parameter.spec()));
        batch.forEach(binding -> specs.put(binding.input(), binding.spec()));
        return specs;
    }

    /**
     * Traces an evaluation of {@code network}.
     *
     * @param options those of the training step, with the fields that validation samples have
     * @throws IllegalArgumentException if the network's loss is no mean that weights can be given to
     */
    public static EvaluationGraph trace(Network network, StepOptions options) {
        if (!options.fields().weights()) {
            throw new IllegalStateException("samples of an evaluation have weights, those that fill up a batch 0");
        }
        GraphBuilder graph = new GraphBuilder("evaluate");
        ParameterInputs inputs = new ParameterInputs(graph, network, options);
        List<StateBinding> parameters = inputs.tensors.entrySet().stream()
                .map(entry -> new StateBinding(
                        entry.getKey().name(),
                        entry.getValue().value(),
                        null,
                        entry.getKey(),
                        inputs.layouts(entry.getKey()).parameter(),
                        StateBinding.kindOf(entry.getKey())))
                .toList();
        BatchInputs batch = new BatchInputs(graph, network, options.oneMicroBatch());
        ForwardPass pass = new TracedStrategy(options).inferencePass();
        pass.begin(batch.weights(0));
        Tensor loss = network.loss(batch.fields(0), pass);
        Map<String, Value> outputs = new LinkedHashMap<>();
        put(outputs, TrainStepGraph.LOSS, loss, pass);
        pass.reports().forEach((name, value) -> put(outputs, TrainStepGraph.reportLabel(name), value, pass));
        EvaluationGraph traced = new EvaluationGraph(graph.build(outputs), parameters, batch.bindings());
        return options.precision().isUniform() ? traced : traced.in(options.precision(), inputs.values());
    }

    private EvaluationGraph in(PrecisionPolicy precision, Set<Value> networkInputs) {
        CastToPolicy.Result cast = CastToPolicy.run(graph, TrainedValues.NONE, networkInputs, Set.of(), precision);
        return new EvaluationGraph(
                cast.graph(),
                parameters.stream().map(state -> state.of(cast)).toList(),
                batch.stream().map(binding -> binding.of(cast)).toList());
    }

    private static void put(Map<String, Value> outputs, String label, Tensor value, ForwardPass pass) {
        Tensor divisor = pass.divisor(value);
        if (divisor == null) {
            throw new IllegalStateException("mean of weighted samples has no sum of weights: output=" + label);
        }
        outputs.put(label, value.value());
        outputs.put(divisorLabel(label), divisor.value());
    }
}
