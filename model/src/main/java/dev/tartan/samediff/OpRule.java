package dev.tartan.samediff;

import dev.tartan.op.Tensor;
import java.util.List;

/** How one kind of SameDiff's ops is traced. */
@FunctionalInterface
interface OpRule {
    /**
     * The results of the op, in its order.
     *
     * @throws IllegalArgumentException if the op has arguments or operands that are not known
     */
    List<Tensor> trace(OpCall call);
}
