package dev.tartan.dl4j;

import dev.tartan.network.ForwardPass;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.jspecify.annotations.Nullable;

/**
 * What layers need besides their input.
 *
 * @param correct whether to compute what is meant where DL4J does otherwise
 * @param kept of truncated backpropagation through time: 1 where layers go on with the states of the step before, 0
 *     where sequences begin, a number or {@code [samples/data, 1]}; null if layers carry no states
 */
record LayerPass(
        ForwardPass pass, boolean correct, @Nullable Tensor kept) {
    boolean isTraining() {
        return pass.isTraining();
    }

    /** A layer's input after its dropout: DL4J's number is the probability of being kept. */
    Tensor dropped(Tensor x, @Nullable IDropout dropout) {
        return dropout instanceof Dropout d ? pass.dropout(x, 1 - d.getP()) : x;
    }
}
