package dev.tartan.dl4j;

import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;

/** The recurrent layers that wrappers may wrap. */
@SuppressWarnings("deprecation") // What users still have.
final class RecurrentParts {
    private RecurrentParts() {}

    /** Whether {@link #create} knows the layer. */
    static boolean isKnown(Layer layer) {
        return layer.getClass() == LSTM.class
                || layer.getClass() == GravesLSTM.class
                || layer.getClass() == SimpleRnn.class;
    }

    /**
     * The module of a wrapped layer.
     *
     * @param masked whether the wrapper hands masks on, for layers that masks else pass by
     */
    static LayerModule create(Layer layer, boolean reverse, boolean masked) {
        if (layer instanceof LSTM lstm) {
            return new LstmModule(lstm, reverse, masked);
        } else if (layer instanceof GravesLSTM lstm) {
            return new LstmModule(lstm, reverse, masked);
        } else if (layer instanceof SimpleRnn rnn) {
            return new SimpleRnnModule(rnn, reverse);
        }
        throw new IllegalArgumentException(
                "recurrent layer is not known: layer=" + layer.getClass().getSimpleName() + ".");
    }
}
