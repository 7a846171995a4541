package dev.tartan.dl4j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1D;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution2D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.Pooling1D;
import org.deeplearning4j.nn.conf.layers.Pooling2D;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;

/** The layers of DL4J that are known here, each with what makes its module. */
@SuppressWarnings("deprecation") // What users still have.
final class ImportLayers {
    private static final Map<Class<? extends Layer>, Function<Layer, LayerModule>> MODULES = new LinkedHashMap<>();

    static {
        put(DenseLayer.class, DenseModule::new);
        put(OutputLayer.class, OutputModule::new);
        put(RnnOutputLayer.class, OutputModule::new);
        put(CenterLossOutputLayer.class, CenterLossModule::new);
        put(Yolo2OutputLayer.class, YoloModule::new);
        put(LossLayer.class, OutputModule::of);
        put(RnnLossLayer.class, OutputModule::of);
        put(CnnLossLayer.class, OutputModule::of);
        put(ActivationLayer.class, SimpleModules::activation);
        put(DropoutLayer.class, SimpleModules::dropout);
        put(PReLULayer.class, PReluModule::new);
        put(EmbeddingLayer.class, EmbeddingModule::new);
        put(EmbeddingSequenceLayer.class, EmbeddingModule::new);
        put(BatchNormalization.class, BatchNormModule::new);
        put(ConvolutionLayer.class, ConvolutionModule::new);
        put(Convolution1DLayer.class, ConvolutionModule::new);
        put(Convolution1D.class, ConvolutionModule::new);
        put(Convolution2D.class, ConvolutionModule::new);
        put(Deconvolution2D.class, ConvolutionModule::new);
        put(DepthwiseConvolution2D.class, ConvolutionModule::new);
        put(SeparableConvolution2D.class, ConvolutionModule::new);
        put(SubsamplingLayer.class, SubsamplingModule::new);
        put(Subsampling1DLayer.class, SubsamplingModule::new);
        put(Pooling1D.class, SubsamplingModule::new);
        put(Pooling2D.class, SubsamplingModule::new);
        put(ZeroPaddingLayer.class, ImageModules::zeroPadding);
        put(ZeroPadding1DLayer.class, ImageModules::zeroPadding);
        put(Cropping1D.class, ImageModules::cropping);
        put(Cropping2D.class, ImageModules::cropping);
        put(Upsampling1D.class, ImageModules::upsampling);
        put(Upsampling2D.class, ImageModules::upsampling);
        put(SpaceToDepthLayer.class, ImageModules::spaceToDepth);
        put(LocalResponseNormalization.class, ImageModules::localResponseNormalization);
        put(GlobalPoolingLayer.class, GlobalPoolingModule::new);
        put(LSTM.class, LstmModule::new);
        put(GravesLSTM.class, LstmModule::new);
        put(SimpleRnn.class, SimpleRnnModule::new);
        put(Bidirectional.class, BidirectionalModule::new);
        put(LastTimeStep.class, LastTimeStepModule::new);
        put(MaskZeroLayer.class, MaskZeroModule::new);
        put(FrozenLayer.class, FrozenModule::new);
    }

    private ImportLayers() {}

    private static <L extends Layer> void put(Class<L> type, Function<L, ? extends LayerModule> maker) {
        MODULES.put(type, layer -> maker.apply(type.cast(layer)));
    }

    /** Whether there is a module for layers of this very class. */
    static boolean isKnown(Layer layer) {
        return MODULES.containsKey(layer.getClass());
    }

    /** The module of a layer that {@link #isKnown}. */
    static LayerModule create(Layer layer) {
        Function<Layer, LayerModule> maker = MODULES.get(layer.getClass());
        if (maker == null) {
            throw new IllegalArgumentException(
                    "layer is not known: layer=" + layer.getClass().getSimpleName() + ".");
        }
        return maker.apply(layer);
    }
}
