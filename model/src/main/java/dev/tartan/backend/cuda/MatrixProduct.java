package dev.tartan.backend.cuda;

import dev.tartan.backend.Arena;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Einsum;
import dev.tartan.op.GemmForm;
import java.util.List;
import java.util.Map;

/**
 * The products c = a b of a batch of matrices, c [batch, rows, columns], each in row-major order without gaps. Operands
 * may be transposed in memory.
 *
 * @param type of a and b; sums are float32, or float64 for that
 * @param resultType of c: float32, or as the others
 * @param inner columns of a, rows of b
 * @param aTransposed whether a lies in memory as [batch, inner, rows]
 * @param bTransposed whether b lies in memory as [batch, columns, inner]
 * @param sharesA whether a is one matrix, for all of the batch
 * @param adds whether the products are added to what is in c
 * @param epilogue what is done along with the products, with a vector of c's type; nothing for a batch
 */
record MatrixProduct(
        CudaType type,
        CudaType resultType,
        long batch,
        long rows,
        long columns,
        long inner,
        boolean aTransposed,
        boolean bTransposed,
        boolean sharesA,
        boolean adds,
        Epilogue epilogue) {
    /** What is done along with a product. */
    enum Epilogue {
        NONE,
        /** Adds the vector, which has an element a column, to each row of c. */
        BIAS,
        /** The vector becomes the sum of a along the inner dim, an element a row. */
        SUM_OF_A,
        /** The vector becomes the sum of b along the inner dim, an element a column. */
        SUM_OF_B
    }

    /** What cuBLASLt advises for Hopper. */
    private static final long MAX_WORKSPACE_BYTES = 32L << 20;

    /** Parts of the inner dim that may be summed up side by side. */
    private static final long MAX_PARTS = 16;

    /** Products of matrices of one type, each of its own, in the place of c. */
    MatrixProduct(
            CudaType type, long batch, long rows, long columns, long inner, boolean aTransposed, boolean bTransposed) {
        this(type, type, batch, rows, columns, inner, aTransposed, bTransposed, false, false, Epilogue.NONE);
    }

    /** The same with c of another type. */
    MatrixProduct withResult(CudaType other) {
        return new MatrixProduct(
                type, other, batch, rows, columns, inner, aTransposed, bTransposed, sharesA, adds, epilogue);
    }

    /** The same with one a for all of the batch. */
    MatrixProduct sharingA() {
        return new MatrixProduct(
                type, resultType, batch, rows, columns, inner, aTransposed, bTransposed, true, adds, epilogue);
    }

    /** The same, added to what is in c. */
    MatrixProduct adding() {
        return new MatrixProduct(
                type, resultType, batch, rows, columns, inner, aTransposed, bTransposed, sharesA, true, epilogue);
    }

    /** The same with an epilogue. */
    MatrixProduct with(Epilogue other) {
        return new MatrixProduct(
                type, resultType, batch, rows, columns, inner, aTransposed, bTransposed, sharesA, adds, other);
    }

    /**
     * The product of an einsum.
     *
     * @param operands of the einsum; those of the product are in the other order if {@link #swaps}
     */
    static MatrixProduct of(Einsum op, List<TensorType> operands) {
        GemmForm form = GemmForm.of(op.equation());
        Map<Character, Long> sizes = op.sizes(operands);
        long batch = size(form.batch(), sizes);
        long rows = size(form.rows(), sizes);
        long columns = size(form.columns(), sizes);
        long inner = size(form.inner(), sizes);
        CudaType type = DeviceTensor.typeOf(operands.get(0));
        // A transposed result is the product of the transposed operands in the other order.
        return form.outTransposed()
                ? new MatrixProduct(type, batch, columns, rows, inner, !form.rightTransposed(), !form.leftTransposed())
                : new MatrixProduct(type, batch, rows, columns, inner, form.leftTransposed(), form.rightTransposed());
    }

    /** Whether the einsum's right operand is a. */
    static boolean swaps(Einsum op) {
        return GemmForm.of(op.equation()).outTransposed();
    }

    private static long size(String letters, Map<Character, Long> sizes) {
        return letters.chars()
                .mapToLong(letter -> sizes.getOrDefault((char) letter, 1L))
                .reduce(1, Math::multiplyExact);
    }

    /** Memory for parts of sums; a function of the sizes, so that it can be planned without a GPU. */
    long workspaceBytes() {
        double parts = (double) MAX_PARTS * batch * rows * columns * Math.max(Float.BYTES, type.bytes());
        return parts > MAX_WORKSPACE_BYTES ? MAX_WORKSPACE_BYTES : Arena.aligned((long) parts);
    }
}
