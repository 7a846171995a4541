package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Ops with integers: rows by index, indices as vectors, and the index of the largest element. */
final class IndexOps {
    private IndexOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("gather", IndexOps::gather);
        rules.put("onehot", IndexOps::oneHot);
        rules.put("argmax", call -> List.of(argmax(call.in(0), call)));
        rules.put("argmin", call -> List.of(argmax(call.in(0).neg(), call)));
    }

    /** Along dim 0 by any indices; along another dim by indices that are known. */
    private static List<Tensor> gather(OpCall call) {
        Tensor x = call.in(0);
        int dim = ShapeOps.dim(call.size() > 2 ? call.longs(2)[0] : call.intAt(0, 0), x.numDims());
        long[] arguments = call.ints();
        if (call.size() < 2) {
            return List.of(picked(x, dim, Arrays.copyOfRange(arguments, 1, arguments.length)));
        }
        if (dim != 0) {
            long[] indices = call.longs(1);
            Shape shape = Shape.shape(Objects.requireNonNull(call.constant(1)).shape());
            List<Long> dims = ShapeOps.list(x.shape());
            dims.remove(dim);
            dims.addAll(dim, ShapeOps.list(shape));
            return List.of(picked(x, dim, indices).reshape(ShapeOps.shape(dims)));
        }
        Tensor indices = call.in(1);
        long rows = x.shape().dim(0);
        Tensor gathered = x.reshape(rows, x.shape().numElements() / rows).gatherRows(indices);
        List<Long> dims = ShapeOps.list(indices.shape());
        dims.addAll(ShapeOps.list(x.shape()).subList(1, x.numDims()));
        return List.of(gathered.reshape(ShapeOps.shape(dims)));
    }

    private static Tensor picked(Tensor x, int dim, long[] indices) {
        List<Tensor> parts = new ArrayList<>();
        for (long index : indices) {
            parts.add(x.slice(dim, index, 1));
        }
        return Tensor.concat(dim, parts);
    }

    /** Arguments: the dim, how many classes, what stands where the index is and elsewhere. */
    private static List<Tensor> oneHot(OpCall call) {
        Tensor indices = call.in(0);
        int dim = ShapeOps.dim(call.intAt(0, -1), indices.numDims() + 1);
        long depth = call.size() > 1 ? call.longs(1)[0] : call.intAt(1, 0);
        double on = call.size() > 2 ? call.doubles(2)[0] : call.realAt(0, 1);
        double off = call.size() > 3 ? call.doubles(3)[0] : call.realAt(1, 0);
        Shape with = ShapeOps.inserted(indices.shape(), dim);
        TensorType type = new TensorType(indices.dtype(), with.with(dim, depth));
        Tensor hit = indices.iota(type, dim).equalTo(indices.reshape(with));
        DType dtype = FunctionOps.dtype(call.resultType(0), call);
        Tensor values = hit.cast(dtype);
        return List.of(on == 1 && off == 0 ? values : values.mul(on - off).add(off));
    }

    /** The first index of the largest element, of which no gradient flows. */
    private static Tensor argmax(Tensor x, OpCall call) {
        int[] dims = call.size() > 1 ? OpCall.dims(call.longs(1), x.numDims()) : OpCall.dims(call.ints(), x.numDims());
        if (dims.length != 1) {
            throw call.refused("not exactly one dim: dims=" + Arrays.toString(dims));
        }
        int dim = dims[0];
        double size = x.shape().dim(dim);
        Tensor hit = x.greaterEqual(x.max(dim, true)).cast(x.dtype());
        Tensor fromEnd = x.iota(x.type(), dim).rsub(size);
        Tensor first = hit.mul(fromEnd).max(dim, call.flagAt(0, false)).rsub(size);
        return first.stopGradient().cast(DType.INT32);
    }
}
