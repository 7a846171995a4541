package dev.tartan.dl4j;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
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
        } else if (layer instanceof Convolution1DLayer l) {
            return l.getRnnDataFormat() == RNNFormat.NWC ? NWC : Windows.unknown(l.getConvolutionMode(), true);
        } else if (layer instanceof ConvolutionLayer l) {
            return l.getCnn2dDataFormat() == CNN2DFormat.NHWC ? NHWC : Windows.unknown(l.getConvolutionMode(), false);
        } else if (layer instanceof SubsamplingLayer l) {
            if (l.getPoolingType() == PoolingType.SUM) {
                return "pooling type SUM";
            }
            boolean ofSequences = l instanceof Subsampling1DLayer;
            return l.getCnn2dDataFormat() == CNN2DFormat.NHWC && !ofSequences
                    ? NHWC
                    : Windows.unknown(l.getConvolutionMode(), ofSequences);
        } else if (layer instanceof ZeroPaddingLayer l) {
            return l.getDataFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof Cropping2D l) {
            return l.getDataFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof Upsampling2D l) {
            return l.getFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof SpaceToDepthLayer l) {
            return l.getDataFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof LocalResponseNormalization l) {
            return l.getDataFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof SimpleRnn l && l.hasLayerNorm()) {
            return "layer norm";
        } else if (layer instanceof BaseRecurrentLayer l) {
            return ofRecurrent(l);
        } else if (layer instanceof Bidirectional l) {
            return isWrappable(l.getFwd()) && isWrappable(l.getBwd())
                    ? null
                    : "a layer " + l.getFwd().getClass().getSimpleName() + " inside";
        } else if (layer instanceof MaskZeroLayer l) {
            return isWrappable(l.getUnderlying())
                    ? null
                    : "a layer " + l.getUnderlying().getClass().getSimpleName() + " inside";
        } else if (layer instanceof Yolo2OutputLayer l) {
            return l.getFormat() == CNN2DFormat.NHWC ? NHWC : null;
        } else if (layer instanceof PReLULayer l) {
            return l.getInputShape() == null ? "no inputShape" : null;
        } else if (layer instanceof LastTimeStep l) {
            return isWrappable(l.getUnderlying()) || l.getUnderlying() instanceof Bidirectional
                    ? null
                    : "a layer " + l.getUnderlying().getClass().getSimpleName() + " inside";
        }
        return null;
    }

    private static boolean isWrappable(Layer layer) {
        return RecurrentParts.isKnown(layer);
    }

    private static @Nullable String ofRecurrent(BaseRecurrentLayer layer) {
        if (layer.getRnnDataFormat() == RNNFormat.NWC) {
            return NWC;
        }
        if (Activations.fused(layer.getActivationFn()) == null) {
            return "activation " + layer.getActivationFn();
        }
        return layer instanceof AbstractLSTM lstm && Activations.fused(lstm.getGateActivationFn()) == null
                ? "gate activation " + lstm.getGateActivationFn()
                : null;
    }
}
