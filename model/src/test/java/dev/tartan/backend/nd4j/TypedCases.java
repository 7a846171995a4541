package dev.tartan.backend.nd4j;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import java.util.Arrays;

/** Cases with all float64 tensors turned to float32, values rounded. */
public final class TypedCases {
    private TypedCases() {}

    /** The case in float32. */
    public static OpCase toFloat32(OpCase example) {
        return new OpCase(
                toFloat32(example.op()),
                example.operands().stream().map(TypedCases::toFloat32).toList());
    }

    private static Op toFloat32(Op op) {
        if (op instanceof Fill fill) {
            return new Fill(toFloat32(fill.type()), fill.value());
        }
        if (op instanceof Iota iota) {
            return new Iota(toFloat32(iota.type()), iota.dim(), iota.offset());
        }
        if (op instanceof RandomUniform random) {
            return new RandomUniform(
                    toFloat32(random.type()), random.seed(), random.stream(), random.whole(), random.offsets());
        }
        return op;
    }

    private static HostTensor toFloat32(HostTensor tensor) {
        return tensor.type().dtype() == DType.FLOAT64
                ? new HostTensor(
                        toFloat32(tensor.type()),
                        Arrays.stream(tensor.data()).map(x -> (float) x).toArray())
                : tensor;
    }

    private static TensorType toFloat32(TensorType type) {
        return type.dtype() == DType.FLOAT64 ? new TensorType(DType.FLOAT32, type.shape()) : type;
    }
}
