package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.Pad;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Ops that move boxes of elements of any type. */
final class ShapeKernels {
    private ShapeKernels() {}

    /** Fast where the last dim stays last, so that there are runs to copy. */
    static HostKernel transpose(Transpose op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        long[] from = strides(operands.get(0).type().shape());
        long[] to = strides(results.get(0).type().shape());
        List<StridedCopy.Dim> dims = new ArrayList<>();
        for (int i = 0; i < to.length; i++) {
            dims.add(new StridedCopy.Dim(
                    results.get(0).type().shape().dim(i), from[op.permutation().get(i)], to[i]));
        }
        return copy(workers, operands.get(0), 0, results.get(0), 0, dims);
    }

    /** Copies all elements, unless they are in place already. */
    static <O extends Op> HostKernel copy(O op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Buffer from = operands.get(0);
        Buffer to = results.get(0);
        if (from.address() == to.address()) {
            return () -> {};
        }
        return copy(
                workers,
                from,
                0,
                to,
                0,
                List.of(new StridedCopy.Dim(from.type().shape().numElements(), 1, 1)));
    }

    static HostKernel broadcastTo(BroadcastTo op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Shape from = operands.get(0).type().shape();
        Shape to = results.get(0).type().shape();
        long[] fromStrides = strides(from);
        long[] toStrides = strides(to);
        List<StridedCopy.Dim> dims = new ArrayList<>();
        for (int i = 0; i < to.numDims(); i++) {
            int dim = i - (to.numDims() - from.numDims());
            boolean repeats = dim < 0 || from.dim(dim) == 1;
            dims.add(new StridedCopy.Dim(to.dim(i), repeats ? 0 : fromStrides[dim], toStrides[i]));
        }
        return copy(workers, operands.get(0), 0, results.get(0), 0, dims);
    }

    static HostKernel slice(Slice op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Buffer whole = operands.get(0);
        Buffer part = results.get(0);
        long[] from = strides(whole.type().shape());
        return copy(workers, whole, start(from, op.starts()), part, 0, dims(part.type(), from, strides(part)));
    }

    static HostKernel pad(Pad op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Buffer part = operands.get(0);
        Buffer whole = results.get(0);
        long[] to = strides(whole.type().shape());
        HostKernel copy = copy(workers, part, 0, whole, start(to, op.low()), dims(part.type(), strides(part), to));
        return new HostSequence(List.of(zero(whole, workers), copy));
    }

    static HostKernel concat(Concat op, List<Buffer> operands, List<Buffer> results, Workers workers) {
        Buffer whole = results.get(0);
        long[] to = strides(whole.type().shape());
        List<HostKernel> copies = new ArrayList<>();
        long start = 0;
        for (Buffer part : operands) {
            if (part.type().shape().numElements() > 0) {
                copies.add(copy(workers, part, 0, whole, start * to[op.dim()], dims(part.type(), strides(part), to)));
            }
            start += part.type().shape().dim(op.dim());
        }
        return new HostSequence(copies);
    }

    private static HostKernel zero(Buffer whole, Workers workers) {
        ByteBuffer to = whole.hostBytes();
        byte[] zeros = new byte[64 * 1024];
        int numTasks = (to.capacity() + zeros.length - 1) / zeros.length;
        return () -> workers.run(numTasks, task -> {
            int start = task * zeros.length;
            to.put(start, zeros, 0, Math.min(zeros.length, to.capacity() - start));
        });
    }

    private static HostKernel copy(
            Workers workers, Buffer from, long fromStart, Buffer to, long toStart, List<StridedCopy.Dim> dims) {
        int elementBytes = from.type().dtype().bytes();
        return new StridedCopy(workers, from.hostBytes(), fromStart, to.hostBytes(), toStart, dims, elementBytes);
    }

    private static List<StridedCopy.Dim> dims(TensorType box, long[] from, long[] to) {
        List<StridedCopy.Dim> dims = new ArrayList<>();
        for (int i = 0; i < box.numDims(); i++) {
            dims.add(new StridedCopy.Dim(box.shape().dim(i), from[i], to[i]));
        }
        return Collections.unmodifiableList(dims);
    }

    private static long start(long[] strides, List<Long> starts) {
        long start = 0;
        for (int i = 0; i < strides.length; i++) {
            start += strides[i] * starts.get(i);
        }
        return start;
    }

    private static long[] strides(Buffer buffer) {
        return strides(buffer.type().shape());
    }

    private static long[] strides(Shape shape) {
        long[] strides = new long[shape.numDims()];
        long stride = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= shape.dim(i);
        }
        return strides;
    }
}
