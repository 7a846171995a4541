package dev.tartan.spark.dataset;

import org.apache.spark.Partitioner;

/**
 * Partitions of the shuffle: equal ranges of buckets in the order of hashes, and one more for the counts. Keys are the
 * numbers of partitions.
 */
final class HashPartitions extends Partitioner {
    private static final long serialVersionUID = 1;
    private static final int LEAST_RANGES = 64;
    private static final int MOST_RANGES = 1024;
    private static final int RANGES_PER_TASK = 16;

    private final int numRanges;

    private HashPartitions(int numRanges) {
        this.numRanges = numRanges;
    }

    /** So many that a task, which reads whole ranges, reads little that it does not need. */
    static HashPartitions forTasks(int numTasks) {
        int wanted = Integer.highestOneBit(Math.max(1, numTasks)) * 2 * RANGES_PER_TASK;
        return new HashPartitions(Math.min(MOST_RANGES, Math.max(LEAST_RANGES, wanted)));
    }

    /** Number of ranges of hashes. */
    int numRanges() {
        return numRanges;
    }

    /** The partition of a bucket's rows. */
    int ofBucket(int bucket) {
        return bucket / (FrameCounts.NUM_BUCKETS / numRanges);
    }

    /** The partition of the counts, after those of rows. */
    int ofCounts() {
        return numRanges;
    }

    @Override
    public int numPartitions() {
        return numRanges + 1;
    }

    @Override
    public int getPartition(Object key) {
        return (Integer) key;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HashPartitions that && that.numRanges == numRanges;
    }

    @Override
    public int hashCode() {
        return numRanges;
    }
}
