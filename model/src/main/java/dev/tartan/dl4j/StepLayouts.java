package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.NoParamLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;

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

    /** {@code [n, features, steps] -> [n, steps, features]}. */
    static Tensor stepsFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }

    /** {@code [n, steps, features] -> [n, features, steps]}. */
    static Tensor featuresFirst(Tensor x) {
        return x.transpose(0, 2, 1);
    }
}
