package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.CnnToRnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToRnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor;
import org.jspecify.annotations.Nullable;

/**
 * DL4J's preprocessors. Steps of sequences that become rows are in the order of samples here, {@code [n * steps,
 * features]}, so that they split over samples; in DL4J they are in the order of steps, which no layer can tell apart.
 */
final class Preprocessors {
    private Preprocessors() {}

    /** What is not known about a preprocessor; null if all is. */
    static @Nullable String unknown(InputPreProcessor processor) {
        if (processor instanceof ComposableInputPreProcessor composed) {
            for (InputPreProcessor each : composed.getInputPreProcessors()) {
                String unknown = unknown(each);
                if (unknown != null) {
                    return unknown;
                }
            }
            return null;
        }
        if (processor instanceof CnnToFeedForwardPreProcessor p) {
            return p.getFormat() == CNN2DFormat.NHWC ? "format=NHWC" : null;
        } else if (processor instanceof RnnToFeedForwardPreProcessor p) {
            return p.getRnnDataFormat() == RNNFormat.NWC ? "format=NWC" : null;
        } else if (processor instanceof FeedForwardToRnnPreProcessor p) {
            return p.getRnnDataFormat() == RNNFormat.NWC ? "format=NWC" : null;
        } else if (processor instanceof CnnToRnnPreProcessor p) {
            return p.getRnnDataFormat() == RNNFormat.NWC ? "format=NWC" : null;
        } else if (processor instanceof RnnToCnnPreProcessor p) {
            return p.getRnnDataFormat() == RNNFormat.NWC ? "format=NWC" : null;
        }
        return processor instanceof FeedForwardToCnnPreProcessor
                ? null
                : "preprocessor=" + processor.getClass().getSimpleName();
    }

    /**
     * The input of a layer.
     *
     * @param batch samples in the batch: rows may be steps of them
     */
    static Signal apply(InputPreProcessor processor, Signal in, long batch) {
        Tensor x = in.value();
        if (processor instanceof ComposableInputPreProcessor composed) {
            Signal signal = in;
            for (InputPreProcessor each : composed.getInputPreProcessors()) {
                signal = apply(each, signal, batch);
            }
            return signal;
        } else if (processor instanceof CnnToFeedForwardPreProcessor) {
            return x.numDims() == 2 ? in : in.with(x.reshape(in.size(0), perRow(in)));
        } else if (processor instanceof FeedForwardToCnnPreProcessor p) {
            return x.numDims() == 2
                    ? in.with(x.reshape(in.size(0), p.getNumChannels(), p.getInputHeight(), p.getInputWidth()))
                    : in;
        } else if (processor instanceof RnnToFeedForwardPreProcessor) {
            return x.numDims() == StepLayouts.SEQUENCE_DIMS ? rows(in) : in;
        } else if (processor instanceof FeedForwardToRnnPreProcessor) {
            return sequences(in, batch);
        } else if (processor instanceof CnnToRnnPreProcessor) {
            return sequences(new Signal(x.reshape(in.size(0), perRow(in)), in.mask()), batch);
        } else if (processor instanceof RnnToCnnPreProcessor p) {
            Signal rows = rows(in);
            return rows.with(
                    rows.value().reshape(rows.size(0), p.getNumChannels(), p.getInputHeight(), p.getInputWidth()));
        }
        throw new IllegalArgumentException("preprocessor is not known: preprocessor="
                + processor.getClass().getSimpleName() + ".");
    }

    private static long perRow(Signal in) {
        return in.value().shape().numElements() / in.size(0);
    }

    private static Signal rows(Signal in) {
        long rows = in.size(0) * in.size(2);
        Tensor mask = in.mask();
        return new Signal(
                StepLayouts.stepsFirst(in.value()).reshape(rows, in.size(1)),
                mask == null ? null : mask.reshape(rows, 1));
    }

    private static Signal sequences(Signal in, long batch) {
        long steps = in.size(0) / batch;
        Tensor mask = in.mask();
        boolean ofRows = mask != null && mask.shape().dim(0) == in.size(0) && in.size(0) != batch;
        return new Signal(
                StepLayouts.featuresFirst(in.value().reshape(batch, steps, in.size(1))),
                mask != null && ofRows ? mask.reshape(batch, steps) : mask);
    }
}
