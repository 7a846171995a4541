package dev.tartan.optimizer;

import dev.tartan.op.Tensor;
import java.util.List;

/** The Euclidean norm of all gradients taken together. */
public final class GlobalNorm {
    private GlobalNorm() {}

    /** The norm, a scalar. */
    public static Tensor of(List<Tensor> gradients) {
        return ofSums(sumsOfSquares(gradients));
    }

    /** The sum of squares of each gradient, a scalar, to which every rank has added its shard. */
    public static List<Tensor> sumsOfSquares(List<Tensor> gradients) {
        return gradients.stream().map(Tensor::sumSquares).toList();
    }

    /** The norm from the sums of squares, added in one op so that one all-reduce can serve them all. */
    public static Tensor ofSums(List<Tensor> sumsOfSquares) {
        return Tensor.sumOf(sumsOfSquares).sqrt();
    }
}
