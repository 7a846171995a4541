package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.KeySuggestion;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Outputs of a network for a batch of samples as a graph: {@link Network#outputs} in a pass that does not train. Its
 * inputs are the parameters and batch fields that the outputs use, and no others.
 *
 * @param parameters the inputs that hold parameters, laid out and named as in the training step
 * @param batch the inputs that hold samples
 */
public record InferenceGraph(Graph graph, List<StateBinding> parameters, List<BatchBinding> batch) {
    public InferenceGraph {
        parameters = List.copyOf(parameters);
        batch = List.copyOf(batch);
    }

    /** The layouts of the inputs, for the compiler. */
    public Map<Value, PartitionSpec> inputSpecs() {
        Map<Value, PartitionSpec> specs = new LinkedHashMap<>();
        parameters.forEach(parameter -> specs.put(parameter.input(), parameter.spec()));
        batch.forEach(binding -> specs.put(binding.input(), binding.spec()));
        return specs;
    }

    /**
     * Traces inference of {@code network} on {@code mesh}, each sample whole on every device.
     *
     * @param wanted the outputs by name; all of them if none is named
     * @param optional those of the network's optional fields that are given
     * @throws IllegalArgumentException if the network has no such output, or one that is not {@code [batch, ...]} of
     *     FLOAT32 or INT32
     */
    public static InferenceGraph trace(
            Network network, Mesh mesh, int batchSize, Set<String> wanted, Set<String> optional) {
        GraphBuilder builder = new GraphBuilder("infer");
        ParameterInputs inputs =
                new ParameterInputs(builder, network, mesh, PrecisionPolicy.float32(), StrategyConfig.defaults());
        Map<String, Tensor> fields = new LinkedHashMap<>();
        List<BatchBinding> batch = new ArrayList<>();
        for (BatchField field : new PresentFields(optional, false).of(network)) {
            Tensor tensor =
                    Tensor.input(builder, field.name(), TrainStepTracer.fieldType(field, DType.FLOAT32, batchSize));
            fields.put(field.name(), tensor);
            batch.add(new BatchBinding(field, tensor.value(), PartitionSpec.replicated(tensor.numDims())));
        }
        ForwardPass pass = ForwardPass.inference();
        pass.begin(null);
        Graph traced = builder.build(named(network, network.outputs(fields, pass), batchSize, wanted));
        Set<Value> used = used(traced);
        List<StateBinding> parameters = new ArrayList<>();
        inputs.tensors.forEach((param, tensor) -> {
            if (used.contains(tensor.value())) {
                parameters.add(new StateBinding(
                        param.name(),
                        tensor.value(),
                        null,
                        param,
                        inputs.layouts(param).parameter(),
                        StateBinding.kindOf(param)));
            }
        });
        Graph graph = new Graph(
                traced.name(),
                traced.inputs().stream().filter(used::contains).toList(),
                traced.nodes(),
                traced.outputs());
        return new InferenceGraph(
                graph,
                parameters,
                batch.stream().filter(binding -> used.contains(binding.input())).toList());
    }

    private static Map<String, Value> named(
            Network network, Map<String, Tensor> outputs, int batchSize, Set<String> wanted) {
        if (outputs.isEmpty()) {
            throw new IllegalArgumentException("network has no outputs: network=" + network.title()
                    + ". Override Network.outputs to say what it predicts.");
        }
        Map<String, Value> named = new LinkedHashMap<>();
        for (String name : wanted.isEmpty() ? outputs.keySet().stream().sorted().toList() : List.copyOf(wanted)) {
            Tensor output = outputs.get(name);
            if (output == null) {
                throw new IllegalArgumentException("network has no such output: output=" + name + ", network="
                        + network.title() + ", outputs="
                        + outputs.keySet().stream().sorted().toList() + "."
                        + KeySuggestion.didYouMean(name, outputs.keySet()));
            }
            named.put(name, checked(name, output, batchSize));
        }
        return named;
    }

    private static Value checked(String name, Tensor output, int batchSize) {
        TensorType type = output.type();
        boolean ofBatch = type.shape().numDims() > 0 && type.shape().dim(0) == batchSize;
        if (!ofBatch || (type.dtype() != DType.FLOAT32 && type.dtype() != DType.INT32)) {
            throw new IllegalArgumentException("output of the network cannot be given for each sample: output=" + name
                    + ", type=" + type + ", batch=" + batchSize + ". Make it [batch, ...] of FLOAT32 or INT32.");
        }
        return output.value();
    }

    private static Set<Value> used(Graph graph) {
        Set<Value> used = new HashSet<>(graph.outputs().values());
        for (Node node : graph.nodes()) {
            used.addAll(node.operands());
        }
        return used;
    }
}
