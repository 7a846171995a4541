package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.Reduce;
import dev.tartan.op.SumSquares;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Reductions and products. */
final class ReductionReference {
    private ReductionReference() {}

    static List<double[]> sumSquares(SumSquares op, List<HostTensor> in, List<TensorType> out) {
        return List.of(
                new double[] {Arrays.stream(in.get(0).data()).map(x -> x * x).sum()});
    }

    static List<double[]> reduce(Reduce op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = out.get(0).shape();
        double[] data = new double[Math.toIntExact(shape.numElements())];
        Arrays.fill(
                data,
                switch (op.kind()) {
                    case SUM -> 0;
                    case MAX -> Double.NEGATIVE_INFINITY;
                    case MIN -> Double.POSITIVE_INFINITY;
                });
        for (int i = 0; i < in.get(0).data().length; i++) {
            int[] index = RowMajor.index(in.get(0).shape(), i);
            List<Integer> kept = new ArrayList<>();
            for (int dim = 0; dim < index.length; dim++) {
                if (!op.dims().contains(dim)) {
                    kept.add(index[dim]);
                }
            }
            int target = RowMajor.position(
                    shape, kept.stream().mapToInt(Integer::intValue).toArray());
            double x = in.get(0).data()[i];
            data[target] = switch (op.kind()) {
                case SUM -> data[target] + x;
                case MAX -> Math.max(data[target], x);
                case MIN -> Math.min(data[target], x);
            };
        }
        return List.of(data);
    }

    static List<double[]> einsum(Einsum op, List<HostTensor> in, List<TensorType> out) {
        Map<Character, Long> sizes = op.sizes(in.stream().map(HostTensor::type).toList());
        List<Character> letters = List.copyOf(sizes.keySet());
        Shape space =
                Shape.shape(sizes.values().stream().mapToLong(Long::longValue).toArray());
        int[] left = strides(letters, op.left(), in.get(0).shape());
        int[] right = strides(letters, op.right(), in.get(1).shape());
        int[] result = strides(letters, op.out(), out.get(0).shape());
        double[] data = new double[Math.toIntExact(out.get(0).shape().numElements())];
        int[] index = new int[letters.size()];
        for (long n = space.numElements(); n > 0; n--) {
            data[dot(index, result)] +=
                    in.get(0).data()[dot(index, left)] * in.get(1).data()[dot(index, right)];
            increment(index, space);
        }
        return List.of(data);
    }

    /** The product, and then the bias or the sum by indices of its own. */
    static List<double[]> einsumEpilogue(EinsumEpilogue op, List<HostTensor> in, List<TensorType> out) {
        double[] made = einsum(op.product(), in, out).get(0);
        if (op.kind() == EinsumEpilogue.Kind.BIAS) {
            double[] bias = in.get(2).data();
            Arrays.setAll(made, i -> made[i] + bias[i % bias.length]);
            return List.of(made);
        }
        boolean isLeft = op.kind() == EinsumEpilogue.Kind.LEFT_SUM;
        HostTensor summed = in.get(isLeft ? 0 : 1);
        String letters = isLeft ? op.product().left() : op.product().right();
        String inner = letters.replaceAll("[" + op.product().out() + "]", "");
        double[] sums = new double[Math.toIntExact(out.get(1).shape().numElements())];
        // Inner letters lead or trail, all together.
        boolean trails = letters.endsWith(inner);
        int run = summed.data().length / sums.length;
        for (int i = 0; i < summed.data().length; i++) {
            sums[trails ? i / run : i % sums.length] += summed.data()[i];
        }
        return List.of(made, sums);
    }

    /**
     * Per letter, how far apart its neighbours are in a tensor whose dims are {@code dims}; 0 if it lacks the letter.
     */
    private static int[] strides(List<Character> letters, String dims, Shape shape) {
        int[] strides = new int[letters.size()];
        int stride = 1;
        for (int dim = dims.length() - 1; dim >= 0; dim--) {
            strides[letters.indexOf(dims.charAt(dim))] = stride;
            stride *= Math.toIntExact(shape.dim(dim));
        }
        return strides;
    }

    private static int dot(int[] index, int[] strides) {
        int sum = 0;
        for (int i = 0; i < index.length; i++) {
            sum += index[i] * strides[i];
        }
        return sum;
    }

    private static void increment(int[] index, Shape space) {
        for (int dim = index.length - 1; dim >= 0; dim--) {
            if (++index[dim] < space.dim(dim)) {
                return;
            }
            index[dim] = 0;
        }
    }
}
