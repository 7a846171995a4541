package dev.tartan.op;

import java.util.Locale;

/** Activation functions with kernels of their own. Constants and kinks of those after {@code SIGMOID} are ND4J's. */
public enum Activation {
    /** max(x, 0). */
    RELU,
    /** The tanh form of GPT-2. */
    GELU,
    /** x sigmoid(x); ND4J calls it swish. */
    SILU,
    TANH,
    /** 1 / (1 + exp(-x)). */
    SIGMOID,
    /** x / (1 + |x|). */
    SOFTSIGN,
    /** min(1, max(0, 0.2 x + 0.5)), where 0.2 is a float in all element types. */
    HARD_SIGMOID,
    /** x to the power of 3. */
    CUBE,
    /** min(1, max(-1, x)). */
    HARD_TANH,
    /**
     * 1.7159 sign(d) (1 - 1 / (1 + |d| + d^2 + 1.41645 d^4)) with d = 2x/3, where 1.7159 and 1.41645 are floats in all
     * element types.
     */
    RATIONAL_TANH,
    /** max(0, tanh(x)). */
    RECTIFIED_TANH,
    /** min(6, max(0, x)). */
    RELU6,
    /** A multiple of x above 0 and of exp(x) - 1 below (Klambauer et al. 2017). */
    SELU,
    /** log(1 + exp(x)). */
    SOFTPLUS,
    /** x tanh(log(1 + exp(x))) (Misra 2019). */
    MISH,
    /** x above 0, exp(x) - 1 below (Clevert et al. 2015, with an alpha of 1). */
    ELU;

    /** The name in printed graphs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
