/**
 * Runs a task over a mesh inside a Spark barrier stage: preflight, the job and its retries, cancellation, the
 * rendezvous of its processes and their GPUs, and messages from executors to the driver; and training as such a task.
 * Never computes anything itself, nor holds the data of a network.
 */
@NullMarked
package dev.tartan.spark.runtime;

import org.jspecify.annotations.NullMarked;
