package dev.tartan.network;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer given by an einsum, for weights with more dims than their files have, or stored {@code [out, in]} as
 * Llama's are: {@code btc,hdc->bthd} projects onto heads.
 */
public final class Projection extends Module {
    private final String equation;
    private final Param weight;
    private @Nullable Param bias;

    public Projection(String equation, Shape shape, Initializer initializer) {
        this.equation = equation;
        this.weight = param("weight", shape, initializer);
    }

    /** Adds a bias of zeros, broadcast over the leading dims of the result. */
    public Projection withBias(Shape shape, Shape fileShape) {
        bias = param("bias", shape, Initializers.zeros()).inFileAs(fileShape);
        return this;
    }

    /** Gives the weight's shape in files. */
    public Projection inFileAs(Shape fileShape) {
        weight.inFileAs(fileShape);
        return this;
    }

    /** The weight, to declare more about it. */
    public Param weight() {
        return weight;
    }

    /** The product of {@code x} and the weight, plus the bias if there is one. */
    public Tensor call(Tensor x) {
        return call(x, UnaryOperator.identity());
    }

    /** As {@link #call(Tensor)}, with {@code laidOut} applied to the product before the bias is added. */
    public Tensor call(Tensor x, UnaryOperator<Tensor> laidOut) {
        return scoped(x, () -> {
            Tensor product = laidOut.apply(x.einsum(equation, weight));
            return bias == null ? product : product.add(bias);
        });
    }
}
