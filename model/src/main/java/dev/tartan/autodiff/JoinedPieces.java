package dev.tartan.autodiff;

import dev.tartan.op.Pad;
import dev.tartan.op.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds a sum of zero-padded pieces that tile a tensor, which is what the gradients of its slices add up to, and joins
 * the pieces instead: where q, k and v are slices of one tensor, one copy in place of three paddings and their sum.
 */
final class JoinedPieces {
    private JoinedPieces() {}

    /** The sum of {@code terms} as a concat; null if they are anything else than padded pieces that tile. */
    static @Nullable Tensor of(List<Tensor> terms) {
        Map<Long, Tensor> pieces = new TreeMap<>(Comparator.naturalOrder());
        int dim = -1;
        for (Tensor term : terms) {
            var producer = term.value().producer();
            if (producer == null || !(producer.op() instanceof Pad pad) || pad.value() != 0) {
                return null;
            }
            Tensor piece = Tensor.of(term.graph(), producer.operands().get(0));
            int padded = onlyPaddedDim(pad);
            if (padded < 0
                    || (dim >= 0 && dim != padded)
                    || pieces.put(pad.low().get(padded), piece) != null) {
                return null;
            }
            dim = padded;
        }
        long end = 0;
        for (Map.Entry<Long, Tensor> piece : pieces.entrySet()) {
            if (piece.getKey() != end) {
                return null;
            }
            end += piece.getValue().shape().dim(dim);
        }
        return end == terms.get(0).shape().dim(dim) ? Tensor.concat(dim, List.copyOf(pieces.values())) : null;
    }

    private static int onlyPaddedDim(Pad pad) {
        int found = -1;
        for (int dim = 0; dim < pad.low().size(); dim++) {
            if (pad.low().get(dim) > 0 || pad.high().get(dim) > 0) {
                if (found >= 0) {
                    return -1;
                }
                found = dim;
            }
        }
        return found;
    }
}
