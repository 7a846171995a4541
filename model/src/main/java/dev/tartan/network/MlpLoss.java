package dev.tartan.network;

/** What an {@link Mlp} is trained to make small. */
public enum MlpLoss {
    /** Cross-entropy: the outputs are the logits of classes, and {@code y [batch] INT32} is the class. */
    CROSS_ENTROPY,
    /** The square of differences, mean over the outputs: {@code y [batch, outputs]} are the numbers to be predicted. */
    SQUARED_ERROR
}
