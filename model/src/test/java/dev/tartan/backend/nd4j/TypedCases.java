package dev.tartan.backend.nd4j;

import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Cases with all float64 tensors turned to another type of floats, values rounded. */
public final class TypedCases {
    private TypedCases() {}

    /** The case in float32. */
    public static OpCase toFloat32(OpCase example) {
        return to(DType.FLOAT32, example);
    }

    /** Operands that hold statistics, or are the gradient of one, stay wide where the others are of 16 bits. */
    static OpCase to(DType dtype, OpCase example) {
        List<HostTensor> operands = new ArrayList<>();
        for (int i = 0; i < example.operands().size(); i++) {
            boolean wide = statistics(example.op()).contains(i);
            operands.add(
                    to(wide ? dtype.accumulated() : dtype, example.operands().get(i)));
        }
        return new OpCase(to(dtype, example.op()), operands);
    }

    private static Set<Integer> statistics(Op op) {
        if (op instanceof LayerNormGrad || op instanceof RmsNormGrad) {
            return Set.of(3, 4);
        }
        if (op instanceof AttentionGrad) {
            return Set.of(5);
        }
        return op instanceof CrossEntropyGrad ? Set.of(0, 3) : Set.of();
    }

    private static Op to(DType dtype, Op op) {
        if (op instanceof Fill fill) {
            return new Fill(to(dtype, fill.type()), fill.value());
        }
        if (op instanceof Iota iota) {
            return new Iota(to(dtype, iota.type()), iota.dim(), iota.offset());
        }
        if (op instanceof RandomUniform random) {
            return new RandomUniform(
                    to(dtype, random.type()), random.seed(), random.stream(), random.whole(), random.offsets());
        }
        return op;
    }

    private static HostTensor to(DType dtype, HostTensor tensor) {
        return tensor.type().dtype() == DType.FLOAT64
                ? new HostTensor(
                        to(dtype, tensor.type()),
                        Arrays.stream(tensor.data())
                                .map(x -> rounded(dtype, (float) x))
                                .toArray())
                : tensor;
    }

    private static float rounded(DType dtype, float value) {
        return switch (dtype) {
            case BFLOAT16 -> HalfPrecision.bfloat16(HalfPrecision.toBfloat16(value));
            case FLOAT16 -> HalfPrecision.float16(HalfPrecision.toFloat16(value));
            default -> value;
        };
    }

    private static TensorType to(DType dtype, TensorType type) {
        return type.dtype() == DType.FLOAT64 ? new TensorType(dtype, type.shape()) : type;
    }
}
