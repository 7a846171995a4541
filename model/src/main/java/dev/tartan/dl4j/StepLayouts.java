package dev.tartan.dl4j;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.NoParamLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.jspecify.annotations.Nullable;

/**
 * Sequences as DL4J has them, {@code [n, features, steps]}, and as products want them, {@code [n, steps, features]}.
 */
final class StepLayouts {
    /** Number of dims of a sequence. */
    static final int SEQUENCE_DIMS = 3;

    private StepLayouts() {}

    /**
     * Whether what a layer gives for a step depends on later ones, or its statistics do: of convolutions and pooling of
     * sequences and of batch norm.
     */
    static boolean mixesSteps(Layer layer) {
        if (layer instanceof FrozenLayer frozen) {
            return mixesSteps(frozen.getLayer());
        }
        return layer instanceof BatchNormalization
                || layer instanceof Convolution1DLayer
                || (layer instanceof NoParamLayer && !(layer instanceof ActivationLayer));
    }

    /**
     * {@code x [n, features, steps]} from its last step to its first; with a mask {@code [n, steps]} those that count,
     * at the places of those that count, and zeros at others. A product with the permutation of steps.
     */
    static Tensor reversed(Tensor x, @Nullable Tensor mask) {
        long samples = x.shape().dim(0);
        long steps = x.shape().dim(2);
        if (mask == null) {
            TensorType square = x.type().withShape(Shape.shape(steps, steps));
            Tensor pairs = x.iota(square, 0).add(x.iota(square, 1));
            return x.einsum(
                    "nft,tu->nfu", pairs.equalTo(pairs.scalar(steps - 1.0)).cast(x.dtype()));
        }
        TensorType square = x.type().withShape(Shape.shape(samples, steps, steps));
        Tensor counted = mask.notEqualTo(mask.scalar(0)).cast(x.dtype());
        // Of each step, how many that count there are up to it.
        Tensor before = x.iota(square, 1).lessEqual(x.iota(square, 2)).cast(x.dtype());
        Tensor rank = counted.reshape(samples, steps, 1).mul(before).sum(1);
        Tensor all = counted.sum(1, true).add(1).reshape(samples, 1, 1);
        Tensor pairs = rank.reshape(samples, steps, 1).add(rank.reshape(samples, 1, steps));
        Tensor permutation = pairs.equalTo(all.broadcastTo(square.shape()))
                .cast(x.dtype())
                .mul(counted.reshape(samples, steps, 1))
                .mul(counted.reshape(samples, 1, steps));
        return x.einsum("nft,ntu->nfu", permutation);
    }

    /** {@code [n, features, steps] -> [n, steps, features]}. */
    static Tensor stepsFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }

    /** {@code [n, steps, features] -> [n, features, steps]}. */
    static Tensor featuresFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }
}
