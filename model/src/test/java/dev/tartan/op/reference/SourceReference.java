package dev.tartan.op.reference;

import static dev.tartan.op.reference.ReferenceInterpreter.known;

import dev.tartan.graph.TensorType;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.RandomUniform;
import dev.tartan.random.Philox;
import java.util.Arrays;
import java.util.List;

/** Ops that make tensors out of nothing. */
final class SourceReference {
    private SourceReference() {}

    static List<double[]> fill(Fill op, List<HostTensor> in, List<TensorType> out) {
        double[] data = new double[Math.toIntExact(op.type().shape().numElements())];
        Arrays.fill(data, op.value());
        return List.of(data);
    }

    static List<double[]> iota(Iota op, List<HostTensor> in, List<TensorType> out) {
        return ShapeReference.each(op.type().shape(), index -> index[op.dim()] + known(op.offset()));
    }

    static List<double[]> randomUniform(RandomUniform op, List<HostTensor> in, List<TensorType> out) {
        int step = (int) in.get(0).item();
        int[] words = new int[4];
        return ShapeReference.each(op.type().shape(), index -> {
            int[] global = index.clone();
            Arrays.setAll(global, dim -> index[dim] + known(op.offsets().get(dim)));
            int element = RowMajor.position(op.whole(), global);
            Philox.block(op.seed(), element >>> 2, step, op.stream(), words);
            return Philox.toUniform(words[element & 3]);
        });
    }
}
