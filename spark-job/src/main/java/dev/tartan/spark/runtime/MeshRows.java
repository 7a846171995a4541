package dev.tartan.spark.runtime;

import org.apache.spark.api.java.JavaRDD;

/**
 * Rows of Spark's to train on.
 *
 * @param rdd partition i goes to task i
 * @param reader makes samples of them in each task
 * @param validates whether it also makes those to validate on
 */
public record MeshRows<T>(JavaRDD<T> rdd, RowReader reader, boolean validates) {}
