package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;
import java.util.function.UnaryOperator;

/** {@code y = x weight + bias} with weight {@code [in, out]}, as GPT-2's Conv1D stores it. */
public final class Linear extends Module {
    private final Param weight;
    private final Param bias;

    public Linear(int in, int out, Initializer initializer) {
        weight = param("weight", shape(in, out), initializer);
        bias = param("bias", shape(out), Initializers.zeros());
    }

    /** {@code x: [..., in] -> [..., out]}. */
    public Tensor call(Tensor x) {
        return call(x, UnaryOperator.identity());
    }

    /** As {@link #call(Tensor)}, with {@code laidOut} applied to the product before the bias is added. */
    public Tensor call(Tensor x, UnaryOperator<Tensor> laidOut) {
        return scoped(x, () -> laidOut.apply(x.matmul(weight)).add(bias));
    }
}
