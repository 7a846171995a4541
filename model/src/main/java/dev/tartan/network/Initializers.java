package dev.tartan.network;

import dev.tartan.mesh.Shape;
import dev.tartan.random.Philox;

/** The usual initializers. */
public final class Initializers {
    /** Keeps these numbers apart from dropout's, whose third counter word is the training step. */
    private static final int NO_STEP = -1;

    private static final int WORDS_PER_BLOCK = 4;

    private Initializers() {}

    /** All zeros. */
    public static Initializer zeros() {
        return constant(0);
    }

    /** All ones. */
    public static Initializer ones() {
        return constant(1);
    }

    /** Every element {@code value}. */
    public static Initializer constant(double value) {
        return (shape, seed, stream) -> index -> (float) value;
    }

    /** Normal numbers with mean 0. */
    public static Initializer normal(double deviation) {
        return (shape, seed, stream) -> {
            int[] words = new int[WORDS_PER_BLOCK];
            return index -> {
                Philox.block(seed, index, NO_STEP, stream, words);
                return (float) (deviation * Philox.toNormal(words[0], words[1]));
            };
        };
    }

    /** Normal numbers with mean 0, those beyond two deviations drawn again. */
    public static Initializer truncatedNormal(double deviation) {
        return (shape, seed, stream) -> {
            int[] words = new int[WORDS_PER_BLOCK];
            return index -> {
                for (int draw = NO_STEP; true; draw--) {
                    Philox.block(seed, index, draw, stream, words);
                    for (int word = 0; word < WORDS_PER_BLOCK; word += 2) {
                        double number = Philox.toNormal(words[word], words[word + 1]);
                        if (Math.abs(number) <= 2) {
                            return (float) (deviation * number);
                        }
                    }
                }
            };
        };
    }

    /** Uniform numbers in [-limit, limit). */
    public static Initializer uniform(double limit) {
        return (shape, seed, stream) -> {
            int[] words = new int[WORDS_PER_BLOCK];
            return index -> {
                Philox.block(seed, index, NO_STEP, stream, words);
                return (float) (limit * (2 * Philox.toUniform(words[0]) - 1));
            };
        };
    }

    /**
     * Normal numbers with variance 1 / fanIn, the fan-in being the product of all dims but the last: {@code in} for a
     * weight {@code [in, out]}. Source: LeCun et al. 1998, "Efficient BackProp" (not truncated).
     */
    public static Initializer lecunNormal() {
        return scaledNormal(1);
    }

    /**
     * Normal numbers with variance 2 / fanIn, for layers before a relu. Source: He et al. 2015, "Delving Deep into
     * Rectifiers".
     */
    public static Initializer heNormal() {
        return scaledNormal(2);
    }

    private static Initializer scaledNormal(double scale) {
        return (shape, seed, stream) -> normal(Math.sqrt(scale / fanIn(shape))).elements(shape, seed, stream);
    }

    private static long fanIn(Shape shape) {
        return shape.numDims() == 0 ? 1 : Math.max(1, shape.numElements() / Math.max(1, shape.dim(-1)));
    }
}
