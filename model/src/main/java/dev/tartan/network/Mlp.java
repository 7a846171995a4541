package dev.tartan.network;

import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A multilayer perceptron that classifies: {@code layers.N.weight [in, out]} and {@code layers.N.bias}, an activation
 * between layers. A batch is {@code x [batch, inputs]} and {@code y [batch] INT32}.
 */
public final class Mlp extends Network {
    private final List<Linear> layers = new ArrayList<>();
    private final int inputs;
    private final int outputs;
    private final Activation activation;

    /**
     * Makes the layers from {@code inputs} over the {@code hidden} widths to {@code outputs}, laid out by
     * {@link MlpLayout}.
     */
    public Mlp(int inputs, List<Integer> hidden, int outputs, Activation activation) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.activation = activation;
        int width = inputs;
        for (int next : hidden) {
            layers.add(child("layers." + layers.size(), new Linear(width, next, Initializers.heNormal())));
            width = next;
        }
        layers.add(child("layers." + layers.size(), new Linear(width, outputs, Initializers.lecunNormal())));
        MlpLayout.tensorParallel(layers.size()).applyTo(this);
    }

    @Override
    public List<BatchField> batchFields() {
        return List.of(BatchField.floats("x", inputs), BatchField.ints("y").below(outputs));
    }

    /** {@code x: [batch, inputs] -> [batch, outputs]}. */
    public Tensor logits(Tensor x) {
        Tensor h = layers.get(0).call(x);
        for (Linear layer : layers.subList(1, layers.size())) {
            h = layer.call(h.activate(activation));
        }
        return h;
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor logits = logits(field(batch, "x"));
        return loss(logits, () -> pass.mean(logits.crossEntropy(field(batch, "y"))));
    }

    /** {@code logits [batch, outputs]} and {@code probabilities [batch, outputs]}. */
    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor logits = logits(field(batch, "x"));
        return Map.of("logits", logits, "probabilities", logits.softmax());
    }
}
