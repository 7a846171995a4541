package dev.tartan.train.config;

import dev.tartan.graph.DType;
import java.util.Locale;

/**
 * The element types of a training step's floating-point numbers. Whatever they are, norms, softmax, losses and all
 * other statistics are computed in float32, sums of 16-bit numbers within an op are too, and the optimizer updates
 * {@code master} parameters.
 *
 * @param parameters of parameters as they are gathered and used: masters rounded, in each step
 * @param compute of activations, their gradients, and operands and results of products
 * @param reduce of gradients while they are added up over ranks, and sent for that
 * @param master of parameters and optimizer state from step to step; what checkpoints and results hold
 */
public record PrecisionPolicy(DType parameters, DType compute, DType reduce, DType master) {
    private static final PrecisionPolicy FLOAT32 = of(DType.FLOAT32);

    /**
     * Checks the types.
     *
     * @throws IllegalArgumentException if they do not go together
     */
    public PrecisionPolicy {
        boolean isUniform = parameters == compute && compute == reduce && reduce == master;
        if (!(isUniform && master == DType.FLOAT64)) {
            requireLow("parameters", parameters);
            requireLow("compute", compute);
            requireLow("reduce", reduce);
            requireSingle(master);
        }
    }

    /**
     * Checks that a run can have it, whose samples and files are of float32; float64 is for tests of the compiler.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public PrecisionPolicy ofRun() {
        requireSingle(master);
        return this;
    }

    private static void requireSingle(DType master) {
        if (master != DType.FLOAT32) {
            throw new IllegalArgumentException("precision.master is not supported: master=" + word(master)
                    + ". Use float32, in which small updates are not lost.");
        }
    }

    private static void requireLow(String key, DType type) {
        if (type == DType.FLOAT16) {
            throw new IllegalArgumentException("precision." + key + " is not supported: " + key
                    + "=float16. Use bfloat16, whose gradients need no scaling of the loss, or float32.");
        }
        if (type != DType.FLOAT32 && type != DType.BFLOAT16) {
            throw new IllegalArgumentException(
                    "precision." + key + " is not supported: " + key + "=" + word(type) + ". Use float32 or bfloat16.");
        }
    }

    private static String word(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    /** One type for everything; FLOAT64 in tests. */
    public static PrecisionPolicy of(DType all) {
        return new PrecisionPolicy(all, all, all, all);
    }

    /** Everything in float32, unless told otherwise. */
    public static PrecisionPolicy float32() {
        return FLOAT32;
    }

    /** Parameters, activations and products in bfloat16, gradients reduced in float32, float32 masters. */
    public static PrecisionPolicy bfloat16() {
        return new PrecisionPolicy(DType.BFLOAT16, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT32);
    }

    /** This policy with gradients added up over ranks in another type. */
    public PrecisionPolicy withReduce(DType other) {
        return new PrecisionPolicy(parameters, compute, other, master);
    }

    /** Whether all is of one type, so that nothing has to be converted. */
    public boolean isUniform() {
        return parameters == master && compute == master && reduce == master;
    }
}
