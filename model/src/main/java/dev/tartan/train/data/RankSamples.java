package dev.tartan.train.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Which samples of a global batch belong to which data rank: each micro-batch is a run of samples, and of each the
 * ranks take equal parts in their order. With 16 samples, 2 micro-batches and 2 ranks, rank 0 has samples 0..3 and
 * 8..11.
 *
 * @param globalBatch samples of a step
 * @param microBatches parts of a step
 * @param ranks number of data ranks; microBatches * ranks divides the global batch
 */
public record RankSamples(int globalBatch, int microBatches, int ranks) {
    /** Consecutive samples of a step. */
    public record Range(int first, int count) {}

    /** The samples of a data rank, a range for each micro-batch. */
    public List<Range> of(int rank) {
        List<Range> ranges = new ArrayList<>();
        int size = globalBatch / microBatches;
        int count = size / ranks;
        for (int part = 0; part < microBatches; part++) {
            ranges.add(new Range(part * size + rank * count, count));
        }
        return ranges;
    }

    /** The data rank that a sample belongs to. */
    public int rankOf(int sample) {
        int size = globalBatch / microBatches;
        return sample % size / (size / ranks);
    }
}
