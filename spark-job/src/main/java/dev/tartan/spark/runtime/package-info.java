/**
 * Runs a task over a mesh inside a Spark barrier stage: preflight, the job and its retries, cancellation, and messages
 * from executors to the driver. Knows Spark and nothing of training; never holds the data of a network.
 */
@NullMarked
package dev.tartan.spark.runtime;

import org.jspecify.annotations.NullMarked;
