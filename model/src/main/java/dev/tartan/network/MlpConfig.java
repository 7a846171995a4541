package dev.tartan.network;

import dev.tartan.op.Activation;
import java.util.List;

/**
 * The sizes of an {@link Mlp}.
 *
 * @param inputs values per sample
 * @param hidden widths of the hidden layers, in order
 * @param outputs number of classes, or of numbers to be predicted
 * @param activation between the layers
 * @param loss what is made small
 */
public record MlpConfig(
        int inputs,
        List<Integer> hidden,
        int outputs,
        @Key(byDefault = "relu") Activation activation,
        @Key(byDefault = "cross-entropy") MlpLoss loss)
        implements NetworkConfig {
    public MlpConfig {
        hidden = List.copyOf(hidden);
    }

    /** The sizes of a classifier. */
    public MlpConfig(int inputs, List<Integer> hidden, int outputs, Activation activation) {
        this(inputs, hidden, outputs, activation, MlpLoss.CROSS_ENTROPY);
    }

    @Override
    public Network create() {
        return new Mlp(inputs, hidden, outputs, activation, loss);
    }
}
