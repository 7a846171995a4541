/**
 * Measures collectives on this machine, between threads or between processes that it starts. Depends on the model's
 * collectives only; knows neither Spark nor the command line.
 */
@NullMarked
package dev.tartan.spark.bench;

import org.jspecify.annotations.NullMarked;
