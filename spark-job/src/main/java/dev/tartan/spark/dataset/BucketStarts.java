package dev.tartan.spark.dataset;

import java.util.Arrays;

/** The number of the first row of each bucket, rows being numbered in the order of their hashes. */
final class BucketStarts {
    private final long[] starts = new long[FrameCounts.NUM_BUCKETS + 1];

    BucketStarts(FrameCounts counts) {
        for (int bucket = 0; bucket < FrameCounts.NUM_BUCKETS; bucket++) {
            starts[bucket + 1] = starts[bucket] + counts.rows(bucket);
        }
    }

    /** The first row of a bucket; of that after the last, the number of rows. */
    long of(int bucket) {
        return starts[bucket];
    }

    /** The bucket that has a row. */
    int bucketOf(long row) {
        // The last bucket that starts at the row or before: those before it with the same start are empty.
        int found = Arrays.binarySearch(starts, row);
        int bucket = found >= 0 ? found : -found - 2;
        while (starts[bucket + 1] <= row) {
            bucket++;
        }
        while (starts[bucket] > row) {
            bucket--;
        }
        return bucket;
    }
}
