package dev.tartan.collective;

/** A call that runs while its rank does something else. */
public interface PendingCall {
    /** Whether it has ended, one way or the other. */
    boolean isDone();

    /**
     * Waits until the output is complete.
     *
     * @throws CollectiveException if the call failed, or this thread is interrupted: then the group is finished
     */
    void await();

    /** {@link System#nanoTime} of when it ended; asked after {@link #await}, before the next call is started. */
    long endedNanos();
}
