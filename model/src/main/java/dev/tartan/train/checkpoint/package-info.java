/**
 * Checkpoints of a training run: which rank writes what of the network's and the optimizer's state, copied out and
 * written while training goes on, committed once all ranks have written; and read again onto any mesh. Depends on
 * {@code checkpoint.sharded} for files and on {@code train.graph} for states; knows no training loop and no Spark.
 */
@NullMarked
package dev.tartan.train.checkpoint;

import org.jspecify.annotations.NullMarked;
