package dev.tartan.op;

import java.util.Locale;

/**
 * Activation functions with kernels of their own. {@code GELU} is the tanh form of GPT-2; {@code SILU} is x *
 * sigmoid(x).
 */
public enum Activation {
    RELU,
    GELU,
    SILU,
    TANH,
    SIGMOID;

    /** The name in printed graphs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
