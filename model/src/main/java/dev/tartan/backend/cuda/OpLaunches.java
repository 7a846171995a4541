package dev.tartan.backend.cuda;

import dev.tartan.graph.Op;
import java.util.List;

/**
 * Makes the launches that compute one type of op. Stateless, thread-safe.
 *
 * @param <O> the type of op
 */
@FunctionalInterface
interface OpLaunches<O extends Op> {
    /** Whether there are kernels for operands of these types. */
    default boolean accepts(O op, List<DeviceTensor> operands) {
        return true;
    }

    /** Bytes of scratch memory that the launches use; addresses of operands do not matter. */
    default long scratchBytes(O op, List<DeviceTensor> operands) {
        return 0;
    }

    /**
     * The launches and products, in order, for tensors that are not empty. Symbolic offsets must have been replaced by
     * the rank's.
     *
     * @param scratch address of the scratch memory, a multiple of 64
     */
    List<? extends Step> launches(O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch);
}
