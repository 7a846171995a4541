package dev.tartan.spark.dataset;

import dev.tartan.train.data.RankSamples;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Consecutive slots that a process needs, and the buckets that their rows are in.
 *
 * @param firstSlot the first slot
 * @param endSlot the slot after the last
 * @param firstBucket the first bucket
 * @param endBucket the bucket after the last
 */
record RowRun(int firstSlot, int endSlot, int firstBucket, int endBucket) {
    /** The runs of the ranks of a process, in order. */
    static List<RowRun> of(SlotTable slots, BucketStarts starts, RankSamples samples, List<Integer> dataRanks) {
        BitSet needed = new BitSet();
        for (int rank : dataRanks) {
            samples.of(rank).forEach(range -> needed.set(range.first(), range.first() + range.count()));
        }
        List<RowRun> runs = new ArrayList<>();
        for (int first = needed.nextSetBit(0); first >= 0; ) {
            int end = needed.nextClearBit(first);
            runs.add(new RowRun(
                    first,
                    end,
                    starts.bucketOf(slots.first(first)),
                    starts.bucketOf(slots.neededEnd(end - 1) - 1) + 1));
            first = needed.nextSetBit(end);
        }
        return runs;
    }

    /** Whether the run has a slot. */
    boolean hasSlot(int slot) {
        return slot >= firstSlot && slot < endSlot;
    }

    /** Whether the run touches a bucket. */
    boolean hasBucket(int bucket) {
        return bucket >= firstBucket && bucket < endBucket;
    }
}
