package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/** A layer with a loss. */
abstract class LossModule extends LayerModule {
    LossModule(Layer layer) {
        super(layer);
    }

    /**
     * What a loss is computed of.
     *
     * @param x the layer's input, after its dropout
     * @param z what the layer's activation is applied to
     */
    record Scored(Tensor x, Tensor z) {}

    /** What the layer makes of its input before its activation. */
    abstract Scored score(Signal in, LayerPass pass);

    /** The output for what {@link #score} gave. */
    abstract Tensor activated(Tensor z);

    /**
     * The loss of each sample, {@code [n]}.
     *
     * @param labels of the shape that {@link #labels} says
     * @param mask that broadcasts to {@code z}; null for none
     */
    abstract Tensor losses(Scored scored, Tensor labels, @Nullable Tensor mask, LayerPass pass);

    /** The shape of a sample's labels, given that of {@code z [n, features, ...]}. */
    abstract Shape labels(Shape z);

    /** Whether labels may have a mask. */
    boolean takesMask() {
        return true;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        return in.with(activated(score(in, pass).z()));
    }

    /** The shape of a sample of {@code [n, ...]}. */
    static Shape ofSample(Shape z) {
        long[] dims = new long[z.numDims() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = z.dim(i + 1);
        }
        return Shape.shape(dims);
    }
}
