package dev.tartan.train.data;

/**
 * Batches of samples that have every sample once, over and over: batch b of N, then the first again as batch N. The
 * last is filled up with samples of weight 0, so all have weights. Safe for use by many threads.
 */
public interface EvaluationBatches extends BatchSource {
    /** How many batches have every sample once; 1 or more. */
    long numBatches();
}
