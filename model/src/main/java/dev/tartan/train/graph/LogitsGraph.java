package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.LanguageModel;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The logits of one sequence as a graph, for generating text: {@code tokens [1, context] -> logits [1, context,
 * vocab]}. Positions after the text so far may hold any token, because attention is causal.
 *
 * @param parameters the inputs that hold parameters, laid out and named as in the training step
 * @param tokens INT32 {@code [1, context]}, on every rank
 */
public record LogitsGraph(Graph graph, List<StateBinding> parameters, Value tokens, PartitionSpec tokensSpec) {
    /** The output. */
    public static final String LOGITS = "logits";

    public LogitsGraph {
        parameters = List.copyOf(parameters);
    }

    /** The layouts of the inputs, for the compiler. */
    public Map<Value, PartitionSpec> inputSpecs() {
        Map<Value, PartitionSpec> specs = new LinkedHashMap<>();
        parameters.forEach(parameter -> specs.put(parameter.input(), parameter.spec()));
        specs.put(tokens, tokensSpec);
        return specs;
    }

    /** Traces inference of {@code network} on {@code mesh}. */
    public static LogitsGraph trace(LanguageModel network, Mesh mesh, DType dtype) {
        GraphBuilder graph = new GraphBuilder("logits");
        ParameterInputs inputs =
                new ParameterInputs(graph, network, mesh, PrecisionPolicy.of(dtype), StrategyConfig.defaults());
        List<StateBinding> parameters = new ArrayList<>();
        inputs.tensors.forEach((param, tensor) -> parameters.add(new StateBinding(
                param.name(),
                tensor.value(),
                null,
                param,
                inputs.layouts(param).parameter(),
                StateBinding.Kind.PARAMETER)));
        Tensor tokens = Tensor.input(
                graph, LanguageModel.TOKENS, new TensorType(DType.INT32, Shape.shape(1, network.context())));
        Tensor logits = network.logits(tokens, ForwardPass.inference());
        if (logits.shape().dim(-1) != network.vocab()) {
            logits = logits.slice(-1, 0, network.vocab());
        }
        return new LogitsGraph(
                graph.build(Map.of(LOGITS, logits.value())), parameters, tokens.value(), PartitionSpec.replicated(2));
    }
}
