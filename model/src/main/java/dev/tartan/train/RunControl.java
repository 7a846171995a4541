package dev.tartan.train;

import dev.tartan.train.checkpoint.CheckpointSink;
import dev.tartan.train.memory.RunMemory;
import org.jspecify.annotations.Nullable;

/**
 * How one process of a run is bound to whoever started it.
 *
 * @param attempt which attempt at the run this is, in letters and digits; the same in all processes, and never used
 *     before in the folder of checkpoints
 * @param checkpoints is told of what ranks wrote of checkpoints
 * @param stop is looked at between steps
 * @param memory how to find again what ranks held when an attempt failed; null if none is to hold anything
 */
public record RunControl(
        String attempt,
        CheckpointSink checkpoints,
        StopSignal stop,
        @Nullable RunMemory memory) {
    /** One whose ranks hold nothing when it fails. */
    public RunControl(String attempt, CheckpointSink checkpoints, StopSignal stop) {
        this(attempt, checkpoints, stop, null);
    }

    /** This with memory to find again. */
    public RunControl with(RunMemory other) {
        return new RunControl(attempt, checkpoints, stop, other);
    }
}
