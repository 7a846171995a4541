package dev.tartan.optimizer;

import dev.tartan.op.Tensor;
import java.util.List;

/**
 * Scales all gradients by {@code min(1, maxNorm / (norm + 1e-6))}, as PyTorch's {@code clip_grad_norm_} does.
 *
 * @param maxNorm the largest norm left alone, 0 for no clipping
 */
public record ClipGlobalNorm(double maxNorm) {
    private static final double GUARD = 1e-6;

    public ClipGlobalNorm {
        if (!(maxNorm >= 0)) {
            throw new IllegalArgumentException(
                    "largest gradient norm is negative: clipGlobalNorm=" + maxNorm + ". Give 0 for no clipping.");
        }
    }

    /** The gradients, scaled if their global {@code norm} is too large. */
    public List<Tensor> apply(List<Tensor> gradients, Tensor norm) {
        if (maxNorm == 0) {
            return gradients;
        }
        Tensor scale = norm.add(GUARD).reciprocal().mul(maxNorm).min(1);
        return gradients.stream().map(gradient -> gradient.mul(scale)).toList();
    }
}
