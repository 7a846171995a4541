package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Pad;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Ops that give the same elements in another order or shape, or several times. */
final class ShapeOps {
    /** What SameDiff puts before a shape of row-major order. */
    private static final long ORDER_C = -99;

    private ShapeOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("reshape", ShapeOps::reshape);
        rules.put("flatten_2d", ShapeOps::flatten);
        rules.put("permute", call -> List.of(call.in(0).transpose(order(call))));
        rules.put("transpose", call -> List.of(call.in(0).transpose(order(call))));
        rules.put("concat", ShapeOps::concat);
        rules.put("stack", ShapeOps::stack);
        rules.put("expand_dims", ShapeOps::expandDims);
        rules.put("squeeze", ShapeOps::squeeze);
        rules.put("tile", ShapeOps::tile);
        rules.put("pad", ShapeOps::pad);
    }

    private static List<Tensor> reshape(OpCall call) {
        long[] arguments = call.size() > 1 ? call.longs(1) : call.ints();
        boolean hasOrder = arguments.length > 0 && arguments[0] < -1;
        if (hasOrder && arguments[0] != ORDER_C) {
            throw call.refused("another order of elements than row-major: order=" + arguments[0]);
        }
        long[] dims = hasOrder ? Arrays.copyOfRange(arguments, 1, arguments.length) : arguments;
        return List.of(call.in(0).reshape(filledIn(call, dims)));
    }

    /** The shape with the size that -1 stands for. */
    private static Shape filledIn(OpCall call, long[] given) {
        Shape from = call.in(0).shape();
        long[] dims = given.clone();
        long known = 1;
        int open = -1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1) {
                open = i;
            } else {
                known *= dims[i];
            }
        }
        if (open >= 0 && known > 0) {
            dims[open] = from.numElements() / known;
        }
        Shape shape = Shape.shape(dims);
        if (shape.numElements() != from.numElements()) {
            throw call.refused("a shape of another number of elements: from=" + from + ", to=" + Arrays.toString(given)
                    + ". A dim of samples must be -1");
        }
        return shape;
    }

    private static List<Tensor> flatten(OpCall call) {
        Tensor x = call.in(0);
        long rows = 1;
        for (int dim = 0; dim < call.intAt(0, 1); dim++) {
            rows *= x.shape().dim(dim);
        }
        return List.of(x.reshape(rows, x.shape().numElements() / rows));
    }

    private static int[] order(OpCall call) {
        long[] given = call.size() > 1 ? call.longs(1) : call.ints();
        int numDims = call.in(0).numDims();
        int[] order = new int[numDims];
        for (int dim = 0; dim < numDims; dim++) {
            order[dim] = given.length == 0
                    ? numDims - 1 - dim
                    : Math.toIntExact(given[dim] < 0 ? given[dim] + numDims : given[dim]);
        }
        return order;
    }

    /** A dim counted from 0. */
    static int dim(long given, int numDims) {
        return Math.toIntExact(given < 0 ? given + numDims : given);
    }

    private static List<Tensor> concat(OpCall call) {
        List<Tensor> parts = call.all();
        long dim = call.intAt(0, 0);
        if (call.flagAt(0, false)) {
            dim = call.longs(parts.size() - 1)[0];
            parts = parts.subList(0, parts.size() - 1);
        }
        return List.of(Tensor.concat(dim(dim, parts.get(0).numDims()), parts));
    }

    private static List<Tensor> stack(OpCall call) {
        int dim = dim(call.intAt(0, 0), call.in(0).numDims() + 1);
        List<Tensor> parts = call.all().stream()
                .map(part -> part.reshape(inserted(part.shape(), dim)))
                .toList();
        return List.of(Tensor.concat(dim, parts));
    }

    /** The shape with a dim of size 1 more. */
    static Shape inserted(Shape shape, int dim) {
        List<Long> dims = list(shape);
        dims.add(dim, 1L);
        return shape(dims);
    }

    static List<Long> list(Shape shape) {
        return new ArrayList<>(Arrays.stream(shape.dims()).boxed().toList());
    }

    static Shape shape(List<Long> dims) {
        return Shape.shape(dims.stream().mapToLong(Long::longValue).toArray());
    }

    private static List<Tensor> expandDims(OpCall call) {
        Tensor x = call.in(0);
        long dim = call.size() > 1 ? call.longs(1)[0] : call.intAt(0, 0);
        return List.of(x.reshape(inserted(x.shape(), dim(dim, x.numDims() + 1))));
    }

    /** Without dims that are named, or all of size 1 that are not the batch's. */
    private static List<Tensor> squeeze(OpCall call) {
        Tensor x = call.in(0);
        long[] given = call.size() > 1 ? call.longs(1) : call.ints();
        if (given.length == 0) {
            throw call.refused("no dims, and would lose the dim of a batch of one sample");
        }
        List<Long> dims = new ArrayList<>();
        List<Integer> lost =
                Arrays.stream(given).mapToObj(dim -> dim(dim, x.numDims())).toList();
        for (int dim = 0; dim < x.numDims(); dim++) {
            if (!lost.contains(dim)) {
                dims.add(x.shape().dim(dim));
            } else if (x.shape().dim(dim) != 1) {
                throw call.refused("a dim to leave out that is not of size 1: dim=" + dim + ", shape=" + x.shape());
            }
        }
        return List.of(x.reshape(shape(dims)));
    }

    private static List<Tensor> tile(OpCall call) {
        Tensor x = call.in(0);
        long[] times = call.size() > 1 ? call.longs(1) : call.ints();
        for (int dim = 0; dim < times.length; dim++) {
            if (times[dim] > 1) {
                List<Tensor> copies = new ArrayList<>();
                for (long i = 0; i < times[dim]; i++) {
                    copies.add(x);
                }
                x = Tensor.concat(dim, copies);
            }
        }
        return List.of(x);
    }

    /** The second operand is {@code [dims, 2]}: elements before and after each dim. */
    private static List<Tensor> pad(OpCall call) {
        if (call.intAt(0, 0) != 0) {
            throw call.refused("another mode than a constant: mode=" + call.intAt(0, 0));
        }
        long[] amounts = call.longs(1);
        List<Long> low = new ArrayList<>();
        List<Long> high = new ArrayList<>();
        for (int i = 0; i < amounts.length; i += 2) {
            low.add(amounts[i]);
            high.add(amounts[i + 1]);
        }
        return call.in(0).apply(new Pad(low, high, call.realAt(0, 0)));
    }
}
