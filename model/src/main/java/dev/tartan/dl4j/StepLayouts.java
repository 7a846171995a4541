package dev.tartan.dl4j;

import dev.tartan.op.Tensor;

/**
 * Sequences as DL4J has them, {@code [n, features, steps]}, and as products want them, {@code [n, steps, features]}.
 */
final class StepLayouts {
    /** Number of dims of a sequence. */
    static final int SEQUENCE_DIMS = 3;

    private StepLayouts() {}

    /** {@code [n, features, steps] -> [n, steps, features]}. */
    static Tensor stepsFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }

    /** {@code [n, steps, features] -> [n, features, steps]}. */
    static Tensor featuresFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }
}
