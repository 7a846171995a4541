package dev.tartan.optimizer;

import dev.tartan.op.Tensor;
import java.util.List;

/** The Euclidean norm of all gradients taken together. */
public final class GlobalNorm {
    private GlobalNorm() {}

    /** The norm, a scalar: one sum of squares per tensor, added in one op so that one all-reduce can serve them all. */
    public static Tensor of(List<Tensor> gradients) {
        return Tensor.sumOf(gradients.stream()
                        .map(gradient -> gradient.square().sumAll())
                        .toList())
                .sqrt();
    }
}
