package dev.tartan.dl4j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;

/** The layers of DL4J that are known here, each with what makes its module. */
final class ImportLayers {
    private static final Map<Class<? extends Layer>, Function<Layer, LayerModule>> MODULES = new LinkedHashMap<>();

    static {
        put(DenseLayer.class, DenseModule::new);
        put(OutputLayer.class, OutputModule::new);
        put(RnnOutputLayer.class, OutputModule::new);
        put(LossLayer.class, OutputModule::of);
        put(RnnLossLayer.class, OutputModule::of);
        put(CnnLossLayer.class, OutputModule::of);
        put(ActivationLayer.class, SimpleModules::activation);
        put(DropoutLayer.class, SimpleModules::dropout);
        put(EmbeddingLayer.class, EmbeddingModule::new);
        put(EmbeddingSequenceLayer.class, EmbeddingModule::new);
        put(BatchNormalization.class, BatchNormModule::new);
        put(GlobalPoolingLayer.class, GlobalPoolingModule::new);
        put(LSTM.class, LstmModule::new);
        put(GravesLSTM.class, LstmModule::new);
        put(SimpleRnn.class, SimpleRnnModule::new);
        put(Bidirectional.class, BidirectionalModule::new);
        put(LastTimeStep.class, LastTimeStepModule::new);
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
