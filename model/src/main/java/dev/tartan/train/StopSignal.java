package dev.tartan.train;

/**
 * A wish that a run end at the next step on which all ranks can agree, after a checkpoint, if the run has any. Any
 * process of the run may have it. Safe for use by many threads.
 */
public final class StopSignal {
    private volatile boolean raised;

    /** Wishes it. */
    public void raise() {
        raised = true;
    }

    /** Whether it is wished. */
    public boolean isRaised() {
        return raised;
    }
}
