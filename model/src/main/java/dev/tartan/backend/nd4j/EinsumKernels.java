package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.DType;
import dev.tartan.op.Einsum;
import dev.tartan.op.GemmForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Matrix products. On the CPU ND4J hands only dense two-dim products to oneDNN, so a batch of them runs as a loop,
 * which is two to four times faster than the batched op.
 */
final class EinsumKernels {
    private static final long LOOP_MIN_FLOPS = 100_000;

    private EinsumKernels() {}

    static HostKernel einsum(Einsum op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        GemmForm form = GemmForm.of(op.equation());
        Map<Character, Long> sizes =
                op.sizes(operands.stream().map(Buffer::type).toList());
        long batch = product(form.batch(), sizes);
        long rows = product(form.rows(), sizes);
        long columns = product(form.columns(), sizes);
        long inner = product(form.inner(), sizes);
        if (inner == 0) {
            return ShapeKernels.fill(results.get(0), 0);
        }
        // A transposed result is the product of the transposed operands in the other order.
        boolean swap = form.outTransposed();
        Matrices left = new Matrices(
                operands.get(swap ? 1 : 0),
                swap ? form.rightTransposed() ? columns : inner : form.leftTransposed() ? inner : rows,
                swap ? form.rightTransposed() ? inner : columns : form.leftTransposed() ? rows : inner,
                swap ? !form.rightTransposed() : form.leftTransposed());
        Matrices right = new Matrices(
                operands.get(swap ? 0 : 1),
                swap ? form.leftTransposed() ? inner : rows : form.rightTransposed() ? columns : inner,
                swap ? form.leftTransposed() ? rows : inner : form.rightTransposed() ? inner : columns,
                swap ? !form.leftTransposed() : form.rightTransposed());
        Matrices out = new Matrices(results.get(0), swap ? columns : rows, swap ? rows : columns, false);
        if (batch == 1) {
            return matmul(left.at(0), right.at(0), out.at(0), left, right);
        }
        boolean loop = results.get(0).space().isHost()
                && results.get(0).type().dtype() == DType.FLOAT32
                && 2 * rows * columns * inner >= LOOP_MIN_FLOPS;
        if (!loop) {
            return matmul(left.all(batch), right.all(batch), out.all(batch), left, right);
        }
        List<HostKernel> products = new ArrayList<>();
        for (long i = 0; i < batch; i++) {
            products.add(matmul(left.at(i), right.at(i), out.at(i), left, right));
        }
        return new HostSequence(products);
    }

    /** {@code out = left right}, each transposed first if so said; all of two or all of three dims. */
    static HostKernel matmul(
            INDArray left, INDArray right, INDArray out, boolean leftTransposed, boolean rightTransposed) {
        return Nd4jKernel.custom("matmul", List.of(left, right), List.of(out), new double[0], new long[] {
            leftTransposed ? 1 : 0, rightTransposed ? 1 : 0
        });
    }

    /** As {@link #matmul}, added to what {@code out} holds. */
    static HostKernel addMatmul(
            INDArray left, INDArray right, INDArray out, boolean leftTransposed, boolean rightTransposed) {
        return Nd4jKernel.custom("matmul", List.of(left, right), List.of(out), new double[] {1, 1}, new long[] {
            leftTransposed ? 1 : 0, rightTransposed ? 1 : 0
        });
    }

    private static HostKernel matmul(INDArray x, INDArray y, INDArray z, Matrices left, Matrices right) {
        return matmul(x, y, z, left.transposed, right.transposed);
    }

    private static long product(String letters, Map<Character, Long> sizes) {
        return letters.chars()
                .mapToLong(letter -> sizes.getOrDefault((char) letter, 1L))
                .reduce(1, Math::multiplyExact);
    }

    /** A buffer as a batch of matrices of {@code rows} by {@code columns} in memory. */
    private record Matrices(Buffer buffer, long rows, long columns, boolean transposed) {
        INDArray at(long index) {
            return Nd4jBuffers.view(
                    buffer, index * rows * columns, new long[] {rows, columns}, new long[] {columns, 1});
        }

        INDArray all(long batch) {
            return Nd4jBuffers.array(buffer, batch, rows, columns);
        }
    }
}
