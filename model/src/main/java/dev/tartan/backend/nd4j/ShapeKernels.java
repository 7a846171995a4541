package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.Pad;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Ops that move elements or make constants: copies between views. */
final class ShapeKernels {
    private ShapeKernels() {}

    /** Copies all elements, unless they are in place already. */
    static <O extends Op> HostKernel copy(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        if (operands.get(0).address() == results.get(0).address()) {
            return () -> {};
        }
        return Nd4jKernel.copy(Nd4jBuffers.flat(operands.get(0)), Nd4jBuffers.flat(results.get(0)));
    }

    static HostKernel transpose(Transpose op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        int[] permutation =
                op.permutation().stream().mapToInt(Integer::intValue).toArray();
        if (permutation.length < 2) {
            return copy(op, operands, results, scratch);
        }
        return Nd4jKernel.copy(
                Nd4jBuffers.array(operands.get(0)).permute(permutation), Nd4jBuffers.array(results.get(0)));
    }

    static HostKernel broadcastTo(BroadcastTo op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        BroadcastForm form =
                BroadcastForm.of(op.shape(), List.of(operands.get(0).type().shape()));
        return Nd4jKernel.copy(
                Nd4jBuffers.array(operands.get(0), form.operands().get(0)),
                Nd4jBuffers.array(results.get(0), form.result()));
    }

    static HostKernel slice(Slice op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        if (op.starts().isEmpty()) {
            return copy(op, operands, results, scratch);
        }
        return Nd4jKernel.copy(
                box(operands.get(0), op.starts(), results.get(0).type().shape().dims()),
                Nd4jBuffers.array(results.get(0)));
    }

    static HostKernel pad(Pad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Buffer operand = operands.get(0);
        Buffer result = results.get(0);
        if (operand.type().numDims() == 0) {
            return copy(op, operands, results, scratch);
        }
        HostKernel fill = fill(result, op.value());
        if (operand.type().shape().numElements() == 0) {
            return fill;
        }
        INDArray interior = box(result, op.low(), operand.type().shape().dims());
        return new HostSequence(List.of(fill, Nd4jKernel.copy(Nd4jBuffers.array(operand), interior)));
    }

    static HostKernel concat(Concat op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        List<HostKernel> copies = new ArrayList<>();
        Buffer result = results.get(0);
        long start = 0;
        for (Buffer operand : operands) {
            List<Long> starts = new ArrayList<>();
            for (int i = 0; i < operand.type().numDims(); i++) {
                starts.add(i == op.dim() ? start : 0L);
            }
            if (operand.type().shape().numElements() > 0) {
                copies.add(Nd4jKernel.copy(
                        Nd4jBuffers.array(operand),
                        box(result, starts, operand.type().shape().dims())));
            }
            start += operand.type().shape().dim(op.dim());
        }
        return new HostSequence(copies);
    }

    static HostKernel fill(Fill op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        return fill(results.get(0), op.value());
    }

    /** Sets every element. */
    static HostKernel fill(Buffer result, double value) {
        INDArray z = Nd4jBuffers.flat(result);
        return Nd4jKernel.copy(ElementwiseKernels.constant(result.type().dtype(), value), z);
    }

    static HostKernel iota(Iota op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        DType dtype = op.type().dtype();
        long size = op.type().shape().dim(op.dim());
        long inner = 1;
        for (int i = op.dim() + 1; i < op.type().numDims(); i++) {
            inner *= op.type().shape().dim(i);
        }
        long outer = op.type().shape().numElements() / size / inner;
        INDArray indices = Nd4j.createUninitialized(Nd4jBuffer.nd4jType(dtype), 1, size, 1);
        for (long i = 0; i < size; i++) {
            indices.putScalar(0, i, 0, op.offset().start() + (double) i);
        }
        return Nd4jKernel.copy(indices, Nd4jBuffers.array(results.get(0), outer, size, inner));
    }

    /** The elements of {@code whole} from {@code starts} on, {@code sizes} of them. */
    private static INDArray box(Buffer whole, List<Long> starts, long[] sizes) {
        long[] strides = Nd4jBuffer.rowMajorStrides(whole.type().shape().dims());
        long start = 0;
        for (int i = 0; i < sizes.length; i++) {
            start += starts.get(i) * strides[i];
        }
        return Nd4jBuffers.view(whole, start, sizes, strides);
    }
}
