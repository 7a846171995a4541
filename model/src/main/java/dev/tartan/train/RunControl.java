package dev.tartan.train;

import dev.tartan.train.checkpoint.CheckpointSink;

/**
 * How one process of a run is bound to whoever started it.
 *
 * @param attempt which attempt at the run this is, in letters and digits; the same in all processes, and never used
 *     before in the folder of checkpoints
 * @param checkpoints is told of what ranks wrote of checkpoints
 * @param stop is looked at between steps
 */
public record RunControl(String attempt, CheckpointSink checkpoints, StopSignal stop) {}
