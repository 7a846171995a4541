/**
 * What ranks keep in memory of an attempt at a run that failed, so that the next one goes on from there without a
 * checkpoint: who holds what, which of it all ranks go on from, and how long it is kept. Depends on
 * {@code train.checkpoint} for how far a run has come; knows no training loop and no Spark.
 */
@NullMarked
package dev.tartan.train.memory;

import org.jspecify.annotations.NullMarked;
