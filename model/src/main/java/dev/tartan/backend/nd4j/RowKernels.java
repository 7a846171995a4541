package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.GatherRows;
import dev.tartan.op.ScatterAddRows;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rows of a table by index. Indices that a shard of the table does not hold are turned to the nearest row it has, and
 * their rows multiplied by zero.
 */
final class RowKernels {
    private RowKernels() {}

    static long gatherScratchBytes(GatherRows op, List<TensorType> operands) {
        return Scratch.bytesFor(
                indexTypes(operands.get(0).dtype(), operands.get(1).shape().numElements()));
    }

    static HostKernel gather(GatherRows op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Buffer table = operands.get(0);
        Buffer result = results.get(0);
        long rows = table.type().shape().dim(0);
        long width = table.type().shape().dim(1);
        long count = operands.get(1).type().shape().numElements();
        if (rows == 0) {
            return ShapeKernels.fill(result, 0);
        }
        Index index = Index.of(
                operands.get(1), op.offset().start(), rows, table.type().dtype(), scratch);
        List<HostKernel> kernels = new ArrayList<>(index.kernels);
        INDArray gathered = Nd4jBuffers.array(result, count, width);
        kernels.add(Nd4jKernel.custom(
                "gather", List.of(Nd4jBuffers.array(table), index.row), List.of(gathered), new double[0], new long[] {0
                }));
        kernels.add(Nd4jKernel.custom("multiply", List.of(gathered, index.isHeld), List.of(gathered)));
        return new HostSequence(kernels);
    }

    static long scatterScratchBytes(ScatterAddRows op, List<TensorType> operands) {
        TensorType rows = operands.get(1);
        return Scratch.bytesFor(indexTypes(rows.dtype(), operands.get(0).shape().numElements()))
                + Scratch.bytesFor(List.of(rows));
    }

    static HostKernel scatterAdd(ScatterAddRows op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Buffer table = results.get(0);
        TensorType rows = operands.get(1).type();
        long width = rows.shape().dim(-1);
        long count = operands.get(0).type().shape().numElements();
        HostKernel zero = ShapeKernels.fill(table, 0);
        if (count == 0) {
            return zero;
        }
        Index index = Index.of(operands.get(0), op.offset().start(), op.numRows(), rows.dtype(), scratch);
        INDArray held = Nd4jBuffers.array(scratch.take(rows), count, width);
        List<HostKernel> kernels = new ArrayList<>(index.kernels);
        kernels.add(zero);
        kernels.add(Nd4jKernel.custom(
                "multiply", List.of(Nd4jBuffers.array(operands.get(1), count, width), index.isHeld), List.of(held)));
        INDArray whole = Nd4jBuffers.array(table);
        // The flag locks; without it ND4J adds rows of one index from several threads at once and loses some.
        kernels.add(Nd4jKernel.custom(
                "scatter_add",
                List.of(whole, index.row, held),
                List.of(whole),
                new double[0],
                new long[0],
                new boolean[] {true}));
        return new HostSequence(kernels);
    }

    private static List<TensorType> indexTypes(DType dtype, long count) {
        Shape shape = Shape.shape(count);
        return List.of(
                new TensorType(DType.INT32, shape),
                new TensorType(DType.INT32, shape),
                new TensorType(DType.BOOL, shape),
                new TensorType(dtype, shape));
    }

    /** Row numbers within the shard, and 1 or 0 by whether the shard has the row asked for. */
    private record Index(List<HostKernel> kernels, INDArray row, INDArray isHeld) {
        static Index of(Buffer indices, long offset, long rows, DType dtype, Scratch scratch) {
            long count = indices.type().shape().numElements();
            List<Buffer> parts =
                    indexTypes(dtype, count).stream().map(scratch::take).toList();
            INDArray local = Nd4jBuffers.flat(parts.get(0));
            INDArray row = Nd4jBuffers.flat(parts.get(1));
            INDArray same = Nd4jBuffers.flat(parts.get(2));
            INDArray isHeld = Nd4jBuffers.flat(parts.get(3));
            long code = Nd4jBuffer.nd4jType(dtype).toInt();
            List<HostKernel> kernels = List.of(
                    Nd4jKernel.custom("subtract", List.of(Nd4jBuffers.flat(indices), constant(offset)), List.of(local)),
                    Nd4jKernel.custom("maximum", List.of(local, constant(0)), List.of(row)),
                    Nd4jKernel.custom("minimum", List.of(row, constant(rows - 1)), List.of(row)),
                    Nd4jKernel.custom("equals", List.of(local, row), List.of(same)),
                    Nd4jKernel.custom("cast", List.of(same), List.of(isHeld), new double[0], new long[] {code}));
            return new Index(kernels, row, Nd4jBuffers.array(parts.get(3), count, 1));
        }

        private static INDArray constant(long value) {
            return ElementwiseKernels.constant(DType.INT32, value);
        }
    }
}
