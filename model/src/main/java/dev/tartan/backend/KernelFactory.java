package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * Makes kernels for one type of op. Stateless, thread-safe.
 *
 * @param <O> the type of op
 */
@FunctionalInterface
public interface KernelFactory<O extends Op> {
    /** Whether there is a kernel for operands of these types; if not, the next factory in the table is asked. */
    default boolean accepts(O op, List<TensorType> operands) {
        return true;
    }

    /**
     * Whether it computes with 16-bit floats itself. Where none does, operands are widened to float32 and results
     * rounded.
     */
    default boolean takesHalves() {
        return false;
    }

    /** See {@link KernelLibrary#scratchBytes}. */
    default long scratchBytes(O op, List<TensorType> operands) {
        return 0;
    }

    /** See {@link KernelLibrary#bind}. */
    Kernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch);
}
