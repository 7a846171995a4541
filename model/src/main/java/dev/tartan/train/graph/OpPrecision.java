package dev.tartan.train.graph;

import dev.tartan.graph.Op;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.GatherRows;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import dev.tartan.op.Unary;
import dev.tartan.plan.cost.NetworkFlops;
import java.util.Set;

/** In which type an op of the forward or the backward pass takes its operands. */
enum OpPrecision {
    /** In the type for computing: products, and what gathers what they are made of. */
    COMPUTE,
    /** In float32, because rounded operands or results would spoil what comes of them: exponentials, logarithms. */
    WIDE,
    /** In the type that they have; in float32 if one of them has it. */
    AS_OPERANDS;

    static OpPrecision of(Op op) {
        if (isProduct(op) || op instanceof GatherRows) {
            return COMPUTE;
        }
        return isSensitive(op) ? WIDE : AS_OPERANDS;
    }

    private static boolean isProduct(Op op) {
        return NetworkFlops.isProduct(op)
                || op instanceof DepthwiseConv2d
                || op instanceof DepthwiseConv2dFilterGrad
                || op instanceof DepthwiseConvTranspose2d;
    }

    private static boolean isSensitive(Op op) {
        if (op instanceof Unary unary) {
            return switch (unary.kind()) {
                case NEG, ABS, SIGN -> false;
                case EXP, LOG, SQRT, RSQRT, RECIPROCAL, SQUARE, SIN, COS -> true;
            };
        }
        boolean isPower = (op instanceof Binary binary && binary.kind() == BinaryKind.POW)
                || (op instanceof ScalarBinary scalar && scalar.kind() == BinaryKind.POW);
        return isPower
                || op instanceof Softmax
                || op instanceof SoftmaxGrad
                || op instanceof NormPool2d
                || op instanceof NormPool2dGrad;
    }

    /** The operands that are float32 whatever the others are: statistics, sums, and gradients of losses. */
    static Set<Integer> statistics(Op op) {
        if (op instanceof LayerNormGrad) {
            return Set.of(3, 4);
        }
        if (op instanceof RmsNormGrad) {
            return Set.of(3);
        }
        if (op instanceof AttentionGrad) {
            return Set.of(5);
        }
        return op instanceof CrossEntropyGrad ? Set.of(0, 3) : Set.of();
    }
}
