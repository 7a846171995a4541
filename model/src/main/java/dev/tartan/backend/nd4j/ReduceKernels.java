package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.ReduceForm;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.graph.Reduction;
import dev.tartan.op.Reduce;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Reductions along dims. */
final class ReduceKernels {
    private ReduceKernels() {}

    static HostKernel reduce(Reduce op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Buffer x = operands.get(0);
        Buffer z = results.get(0);
        if (x.type().shape().numElements() == 0) {
            return ShapeKernels.fill(z, identity(op.kind()));
        }
        ReduceForm form = ReduceForm.of(x.type().shape(), op.dims());
        if (form.numReduced() == 0) {
            return ShapeKernels.copy(op, operands, results, scratch);
        }
        boolean sumsRows = op.kind() == Reduction.SUM && form.reduced().equals(List.of(true, false));
        if (sumsRows) {
            // A product with a row of ones is many times faster than ND4J's reduction along the first dim.
            long rows = form.sizes().get(0);
            long columns = form.sizes().get(1);
            INDArray ones = Nd4j.ones(Nd4jBuffer.nd4jType(x.type().dtype()), 1, rows);
            return Nd4jKernel.custom(
                    "matmul",
                    List.of(ones, Nd4jBuffers.array(x, rows, columns)),
                    List.of(Nd4jBuffers.array(z, 1, columns)));
        }
        long[] dims = form.sizes().stream().mapToLong(Long::longValue).toArray();
        List<Long> reducedDims = new ArrayList<>();
        List<Long> keptSizes = new ArrayList<>();
        for (int i = 0; i < dims.length; i++) {
            if (form.reduced().get(i)) {
                reducedDims.add((long) i);
            } else {
                keptSizes.add(dims[i]);
            }
        }
        long[] kept = keptSizes.stream().mapToLong(Long::longValue).toArray();
        return Nd4jKernel.custom(
                "reduce_" + op.kind().name().toLowerCase(Locale.ROOT),
                List.of(Nd4jBuffers.array(x, dims)),
                List.of(Nd4jBuffers.array(z, kept)),
                new double[0],
                reducedDims.stream().mapToLong(Long::longValue).toArray());
    }

    private static double identity(Reduction kind) {
        return switch (kind) {
            case SUM -> 0;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }
}
