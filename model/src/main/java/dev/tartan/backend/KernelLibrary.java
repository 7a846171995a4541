package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/** Finds a kernel for an op. Thread-safe. */
public interface KernelLibrary {
    /**
     * Bytes of scratch memory a kernel for this op needs while it runs.
     *
     * @throws UnsupportedOperationException if there is no kernel
     */
    long scratchBytes(Op op, List<TensorType> operands);

    /**
     * Binds an op to its memory.
     *
     * <p>A result may share memory with an operand only as {@link Op#inPlaceOperands} allows; the results of AdamW may
     * also take the places of the parameter, m and v. Symbolic offsets must have been replaced by the rank's own.
     *
     * @param scratch at least {@link #scratchBytes} bytes that nothing else uses while the kernel runs
     * @throws UnsupportedOperationException if there is no kernel
     */
    Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch);
}
