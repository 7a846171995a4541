package dev.tartan.network;

import dev.tartan.op.Activation;
import java.util.List;

/**
 * The sizes of an {@link Mlp}.
 *
 * @param inputs values per sample
 * @param hidden widths of the hidden layers, in order
 * @param outputs number of classes
 * @param activation between the layers
 */
public record MlpConfig(
        int inputs,
        List<Integer> hidden,
        int outputs,
        @Key(byDefault = "relu") Activation activation) implements NetworkConfig {
    public MlpConfig {
        hidden = List.copyOf(hidden);
    }

    @Override
    public Network create() {
        return new Mlp(inputs, hidden, outputs, activation);
    }
}
