package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Slice;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Ops that cut parts out of a tensor. */
final class SliceOps {
    /** Arguments of a strided slice before its indices: five masks. */
    private static final int NUM_MASKS = 5;

    private SliceOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("slice", SliceOps::slice);
        rules.put("strided_slice", SliceOps::stridedSlice);
        rules.put("unstack", SliceOps::unstack);
        rules.put("split", SliceOps::split);
        rules.put("split_v", SliceOps::splitInto);
        rules.put("reverse", SliceOps::reverse);
    }

    private static Tensor box(Tensor x, List<Long> starts, List<Long> sizes) {
        boolean whole = starts.stream().allMatch(start -> start == 0)
                && ShapeOps.shape(sizes).equals(x.shape());
        return whole ? x : x.apply(new Slice(starts, sizes)).get(0);
    }

    /** Begins, then sizes; a size of -1 is all that is left. A dim whose whole is taken follows the batch. */
    private static List<Tensor> slice(OpCall call) {
        Tensor x = call.in(0);
        int numDims = x.numDims();
        long[] begins = call.size() > 1 ? call.longs(1) : Arrays.copyOf(call.ints(), numDims);
        long[] given = call.size() > 2 ? call.longs(2) : Arrays.copyOfRange(call.ints(), numDims, 2 * numDims);
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        for (int dim = 0; dim < numDims; dim++) {
            long size = x.shape().dim(dim);
            starts.add(begins[dim] < 0 ? begins[dim] + size : begins[dim]);
            sizes.add(given[dim] == -1 ? size - starts.get(dim) : given[dim]);
        }
        return List.of(box(x, starts, sizes));
    }

    /** As TensorFlow's: begins, ends and strides, and a bit of each mask for each of them. */
    private static List<Tensor> stridedSlice(OpCall call) {
        Tensor x = call.in(0);
        long[] arguments = call.ints();
        int count = call.size() > 1 ? call.longs(1).length : (arguments.length - NUM_MASKS) / 3;
        long[] begins = call.size() > 1 ? call.longs(1) : part(arguments, 0, count);
        long[] ends = call.size() > 2 ? call.longs(2) : part(arguments, 1, count);
        long[] strides = call.size() > 3 ? call.longs(3) : part(arguments, 2, count);
        if (call.intAt(1, 0) != 0) {
            throw call.refused("an ellipsis: mask=" + call.intAt(1, 0));
        }
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        List<Long> dims = new ArrayList<>();
        int dim = 0;
        for (int i = 0; i < count; i++) {
            if (isSet(call, 3, i)) {
                dims.add(1L);
                continue;
            }
            long size = x.shape().dim(dim++);
            boolean single = isSet(call, 4, i);
            long start = isSet(call, 0, i) ? 0 : from(begins[i], size);
            long end = single ? start + 1 : isSet(call, 2, i) ? size : Math.min(from(ends[i], size), size);
            if (strides[i] != 1 && !single) {
                throw call.refused("a stride that is not 1: stride=" + strides[i] + ", dim=" + (dim - 1));
            }
            starts.add(start);
            sizes.add(end - start);
            if (!single) {
                dims.add(end - start);
            }
        }
        for (; dim < x.numDims(); dim++) {
            starts.add(0L);
            sizes.add(x.shape().dim(dim));
            dims.add(x.shape().dim(dim));
        }
        return List.of(box(x, starts, sizes).reshape(ShapeOps.shape(dims)));
    }

    private static long[] part(long[] arguments, int index, int count) {
        int from = NUM_MASKS + index * count;
        return Arrays.copyOfRange(arguments, from, from + count);
    }

    /** Masks in SameDiff's order: begin, ellipsis, end, new dim, single element. */
    private static boolean isSet(OpCall call, int mask, int bit) {
        return (call.intAt(mask, 0) & (1L << bit)) != 0;
    }

    private static long from(long index, long size) {
        return index < 0 ? index + size : index;
    }

    private static List<Tensor> unstack(OpCall call) {
        Tensor x = call.in(0);
        int dim = ShapeOps.dim(call.intAt(0, 0), x.numDims());
        List<Long> rest = ShapeOps.list(x.shape());
        rest.remove(dim);
        Shape shape = ShapeOps.shape(rest);
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < call.numResults(); i++) {
            parts.add(x.slice(dim, i, 1).reshape(shape));
        }
        return parts;
    }

    /** The dim may come first, as an operand, as TensorFlow has it. */
    private static List<Tensor> split(OpCall call) {
        boolean dimFirst = call.size() > 1 && call.constant(0) != null;
        Tensor x = call.in(dimFirst ? 1 : 0);
        int count = call.numResults();
        long given = call.size() > 1 ? call.longs(dimFirst ? 0 : 1)[0] : call.intAt(1, 0);
        int dim = ShapeOps.dim(given, x.numDims());
        long size = x.shape().dim(dim);
        if (size % count != 0) {
            throw call.refused("parts of different sizes: size=" + size + ", parts=" + count);
        }
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(x.slice(dim, i * (size / count), size / count));
        }
        return parts;
    }

    private static List<Tensor> splitInto(OpCall call) {
        Tensor x = call.in(0);
        long[] sizes = call.longs(1);
        int dim = ShapeOps.dim(call.size() > 2 ? call.longs(2)[0] : call.intAt(0, 0), x.numDims());
        List<Tensor> parts = new ArrayList<>();
        long start = 0;
        for (long size : sizes) {
            parts.add(x.slice(dim, start, size));
            start += size;
        }
        return parts;
    }

    private static List<Tensor> reverse(OpCall call) {
        Tensor x = call.in(0);
        for (int dim : OpCall.dims(call.size() > 1 ? call.longs(1) : call.ints(), x.numDims())) {
            List<Tensor> parts = new ArrayList<>();
            for (long i = x.shape().dim(dim) - 1; i >= 0; i--) {
                parts.add(x.slice(dim, i, 1));
            }
            x = Tensor.concat(dim, parts);
        }
        return List.of(x);
    }
}
