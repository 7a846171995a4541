package dev.tartan.spark.drill;

import java.util.Locale;

/** What is done to a run. */
public enum FaultKind {
    /** SIGKILL to the process of an executor. */
    KILL_EXECUTOR,

    /** SIGSTOP to the process of an executor, and SIGCONT once the driver has noticed. */
    FREEZE,

    /** An exception where a task reads its samples. */
    THROW,

    /** An array larger than the heap where a task reads its samples. */
    OUT_OF_MEMORY,

    /** Writes to the folder of checkpoints fail until the driver has noticed. */
    FILL_DISK,

    /**
     * An exception in a task; and the newest checkpoint is not what was written when the run comes to go on from it.
     */
    CORRUPT_NEWEST_CHECKPOINT;

    /** Whether the run goes on without a new attempt. */
    boolean isEndured() {
        return this == FILL_DISK;
    }

    /** As in an option, for example {@code kill-executor}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
