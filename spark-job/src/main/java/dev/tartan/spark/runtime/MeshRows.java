package dev.tartan.spark.runtime;

import org.apache.spark.api.java.JavaRDD;

/**
 * Rows of Spark's to train on.
 *
 * @param rdd partition i goes to task i
 * @param reader makes samples of them in each task
 */
public record MeshRows<T>(JavaRDD<T> rdd, RowReader reader) {}
