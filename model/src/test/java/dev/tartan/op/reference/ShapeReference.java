package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.Constrain;
import dev.tartan.op.Pad;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Transpose;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Ops that move elements. */
final class ShapeReference {
    private ShapeReference() {}

    static List<double[]> constrain(Constrain op, List<HostTensor> in, List<TensorType> out) {
        return List.of(in.get(0).data().clone());
    }

    static List<double[]> stopGradient(StopGradient op, List<HostTensor> in, List<TensorType> out) {
        return List.of(in.get(0).data().clone());
    }

    static List<double[]> reshape(Reshape op, List<HostTensor> in, List<TensorType> out) {
        return List.of(in.get(0).data().clone());
    }

    static List<double[]> transpose(Transpose op, List<HostTensor> in, List<TensorType> out) {
        return each(out.get(0).shape(), index -> {
            int[] source = new int[index.length];
            for (int i = 0; i < index.length; i++) {
                source[op.permutation().get(i)] = index[i];
            }
            return in.get(0).at(source);
        });
    }

    static List<double[]> broadcastTo(BroadcastTo op, List<HostTensor> in, List<TensorType> out) {
        return each(op.shape(), in.get(0)::broadcastAt);
    }

    static List<double[]> slice(Slice op, List<HostTensor> in, List<TensorType> out) {
        return each(out.get(0).shape(), index -> in.get(0).at(shifted(index, op.starts(), 1)));
    }

    static List<double[]> pad(Pad op, List<HostTensor> in, List<TensorType> out) {
        Shape inner = in.get(0).shape();
        return each(out.get(0).shape(), index -> {
            int[] source = shifted(index, op.low(), -1);
            for (int i = 0; i < source.length; i++) {
                if (source[i] < 0 || source[i] >= inner.dim(i)) {
                    return op.value();
                }
            }
            return in.get(0).at(source);
        });
    }

    static List<double[]> concat(Concat op, List<HostTensor> in, List<TensorType> out) {
        return each(out.get(0).shape(), index -> {
            int[] source = index.clone();
            int part = 0;
            while (source[op.dim()] >= in.get(part).shape().dim(op.dim())) {
                source[op.dim()] -= Math.toIntExact(in.get(part).shape().dim(op.dim()));
                part++;
            }
            return in.get(part).at(source);
        });
    }

    private static int[] shifted(int[] index, List<Long> amounts, int sign) {
        int[] shifted = index.clone();
        Arrays.setAll(shifted, i -> index[i] + sign * Math.toIntExact(amounts.get(i)));
        return shifted;
    }

    static List<double[]> each(Shape shape, ToDoubleFunction<int[]> element) {
        double[] data = new double[Math.toIntExact(shape.numElements())];
        Arrays.setAll(data, i -> element.applyAsDouble(RowMajor.index(shape, i)));
        return List.of(data);
    }
}
