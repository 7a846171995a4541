/**
 * Samples from DataFrames. Each row is encoded once, where Spark reads it, into bytes; these go through one shuffle, by
 * a hash of their content, to the processes that train on them, each of which keeps those of its ranks in a local
 * spool. Rows never pass through the driver. Uses {@code runtime} for the barrier stage; knows no network.
 */
@NullMarked
package dev.tartan.spark.dataset;

import org.jspecify.annotations.NullMarked;
