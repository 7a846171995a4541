package dev.tartan.dl4j;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.jspecify.annotations.Nullable;

/** Settings of known layers that are not known. */
final class LayerSettings {
    private static final String NHWC = "data format NHWC";
    private static final String NWC = "data format NWC";

    private LayerSettings() {}

    /** The setting that is not known; null if all are. */
    static @Nullable String unknown(Layer layer) {
        if (layer instanceof BatchNormalization bn) {
            return bn.getCnn2DFormat() == CNN2DFormat.NHWC ? NHWC : bn.isMinibatch() ? null : "isMinibatch=false";
        } else if (layer instanceof CnnLossLayer l) {
            return l.getFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof RnnLossLayer l) {
            return l.getRnnDataFormat() == RNNFormat.NWC ? NWC : null;
        } else if (layer instanceof RnnOutputLayer l) {
            return l.getRnnDataFormat() == RNNFormat.NWC ? NWC : null;
        } else if (layer instanceof EmbeddingSequenceLayer l) {
            return l.getOutputFormat() == RNNFormat.NWC ? NWC : null;
        }
        return null;
    }
}
