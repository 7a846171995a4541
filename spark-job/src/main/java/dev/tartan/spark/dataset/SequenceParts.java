package dev.tartan.spark.dataset;

import java.io.Serializable;

/**
 * How samples that are sequences are trained on part by part, a part a step, as truncated backpropagation through time
 * does it. With sequences of 10 steps in parts of 4:
 *
 * <pre>
 *   step of the epoch     0       1       2       3       4       5
 *   samples               first batch             second batch
 *   steps of sequences    0..3    4..7    8, 9    0..3    4..7    8, 9      the last parts filled up with zeros
 *   field                 0       1       1       0       1       1
 * </pre>
 *
 * @param field of the batch, a number a sample: 0 in the first part of its sequence, else 1
 * @param steps of whole sequences, the last dim of each column
 * @param partSteps steps of a part
 */
public record SequenceParts(String field, int steps, int partSteps) implements Serializable {
    private static final long serialVersionUID = 1;

    /** Samples are given whole. */
    public static final SequenceParts WHOLE = new SequenceParts("", 1, 1);

    /** Parts of a sequence. */
    public int count() {
        return (steps + partSteps - 1) / partSteps;
    }

    /** Steps of a sequence in a part; behind them it is filled up. */
    int stepsOf(int part) {
        return Math.min(partSteps, steps - part * partSteps);
    }

    /** Elements of a part of a column. */
    int numElements(SampleColumn column) {
        return count() == 1 ? column.numElements() : column.numElements() / steps * partSteps;
    }
}
