package dev.tartan.network;

import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A multilayer perceptron, which classifies or predicts numbers: {@code layers.N.weight [in, out]} and
 * {@code layers.N.bias}, an activation between layers. A batch is {@code x [batch, inputs]} and {@code y}, as
 * {@link MlpLoss} says.
 */
public final class Mlp extends Network {
    private final List<Linear> layers = new ArrayList<>();
    private final int inputs;
    private final int outputs;
    private final Activation activation;
    private final MlpLoss loss;

    /** Makes the layers of a classifier. */
    public Mlp(int inputs, List<Integer> hidden, int outputs, Activation activation) {
        this(inputs, hidden, outputs, activation, MlpLoss.CROSS_ENTROPY);
    }

    /**
     * Makes the layers from {@code inputs} over the {@code hidden} widths to {@code outputs}, laid out by
     * {@link MlpLayout}.
     */
    public Mlp(int inputs, List<Integer> hidden, int outputs, Activation activation, MlpLoss loss) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.activation = activation;
        this.loss = loss;
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
        BatchField y =
                loss == MlpLoss.CROSS_ENTROPY ? BatchField.ints("y").below(outputs) : BatchField.floats("y", outputs);
        return List.of(BatchField.floats("x", inputs), y);
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
        Tensor y = field(batch, "y");
        return loss(
                logits,
                () -> pass.mean(loss == MlpLoss.CROSS_ENTROPY ? logits.crossEntropy(y) : square(logits.sub(y))));
    }

    private static Tensor square(Tensor x) {
        return x.mul(x);
    }

    /**
     * {@code logits [batch, outputs]} and {@code probabilities [batch, outputs]} of a classifier, else
     * {@code predictions [batch, outputs]}.
     */
    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor logits = logits(field(batch, "x"));
        if (loss == MlpLoss.SQUARED_ERROR) {
            return Map.of("predictions", logits);
        }
        return Map.of("logits", logits, "probabilities", logits.softmax());
    }
}
