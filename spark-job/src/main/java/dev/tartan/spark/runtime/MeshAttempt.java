package dev.tartan.spark.runtime;

import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a job.
 *
 * @param description what Spark's UI calls it
 * @param input what every task is given
 * @param task what each does
 * @param rows partition i is read by task i; null for none
 */
record MeshAttempt<I, R>(
        String description,
        I input,
        MeshTask<I, R> task,
        @Nullable JavaRDD<?> rows) {
    /**
     * Checks that each task has a partition of the rows.
     *
     * @throws IllegalArgumentException if it has not
     */
    void check(int numTasks) {
        if (rows != null && rows.getNumPartitions() != numTasks) {
            throw new IllegalArgumentException("rows are not in one partition for each task: partitions="
                    + rows.getNumPartitions() + ", tasks=" + numTasks + ". Repartition them.");
        }
    }
}
