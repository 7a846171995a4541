package dev.tartan.train.config;

import dev.tartan.graph.DType;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The element types of a training step's floating-point numbers. Whatever they are, norms, softmax, losses and all
 * other statistics are computed in float32, sums of 16-bit numbers within an op are too, and the optimizer updates
 * {@code master} parameters.
 *
 * @param parameters of parameters as they are gathered and used: masters rounded, in each step
 * @param compute of activations, their gradients, and operands and results of products
 * @param reduce of gradients while they are added up over ranks, and sent for that
 * @param master of parameters and optimizer state from step to step; what checkpoints and results hold
 * @param lossScale what keeps gradients in the range of float16
 */
public record PrecisionPolicy(DType parameters, DType compute, DType reduce, DType master, LossScale lossScale) {
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
        requireOneHalf("parameters", parameters, "compute", compute);
        requireOneHalf("reduce", reduce, "compute", compute);
        requireOneHalf("reduce", reduce, "parameters", parameters);
    }

    /** These types, with a loss scale that changes if one of them is float16. */
    public PrecisionPolicy(DType parameters, DType compute, DType reduce, DType master) {
        this(parameters, compute, reduce, master, usual(parameters, compute, reduce));
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
        if (type != DType.FLOAT32 && !type.isHalf()) {
            throw new IllegalArgumentException("precision." + key + " is not supported: " + key + "=" + word(type)
                    + ". Use float32, bfloat16 or float16.");
        }
    }

    /** A number converted from one type of 16 bits to the other loses the range of the one and digits of the other. */
    private static void requireOneHalf(String key, DType type, String otherKey, DType other) {
        if (type.isHalf() && other.isHalf() && type != other) {
            throw new IllegalArgumentException("precision." + key + " does not go with precision." + otherKey + ": "
                    + key + "=" + word(type) + ", " + otherKey + "=" + word(other) + ". Use " + word(other)
                    + " for both, or float32 for one.");
        }
    }

    private static String word(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    /** The loss scale of runs that say nothing of it. */
    static LossScale usual(DType parameters, DType compute, DType reduce) {
        boolean isNarrow = parameters == DType.FLOAT16 || compute == DType.FLOAT16 || reduce == DType.FLOAT16;
        return isNarrow ? LossScale.dynamic() : LossScale.none();
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

    /** As {@link #bfloat16}, in float16 and with a loss scale that changes. */
    public static PrecisionPolicy float16() {
        return new PrecisionPolicy(DType.FLOAT16, DType.FLOAT16, DType.FLOAT32, DType.FLOAT32);
    }

    /** This policy with gradients added up over ranks in another type. */
    public PrecisionPolicy withReduce(DType other) {
        boolean isUsual = lossScale.equals(usual(parameters, compute, reduce));
        return new PrecisionPolicy(
                parameters, compute, other, master, isUsual ? usual(parameters, compute, other) : lossScale);
    }

    /** This policy with another loss scale. */
    public PrecisionPolicy withLossScale(LossScale other) {
        return new PrecisionPolicy(parameters, compute, reduce, master, other);
    }

    /** Whether all is of one type, so that nothing has to be converted. */
    public boolean isUniform() {
        return parameters == master && compute == master && reduce == master;
    }

    /** What a config says of it, in the order of its keys. */
    Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("parameters", word(parameters));
        values.put("compute", word(compute));
        values.put("reduce", word(reduce));
        values.put("master", word(master));
        if (lossScale.isDynamic()) {
            values.put("lossScale", "dynamic");
            values.put("lossScaleStart", lossScale.start());
            values.put("lossScaleGrowthSteps", lossScale.growthSteps());
        } else if (!lossScale.equals(usual(parameters, compute, reduce))) {
            values.put("lossScale", lossScale.start());
        }
        return values;
    }
}
