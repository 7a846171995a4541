package dev.tartan.backend;

/** An event that knows when it happened. */
public interface TimedEvent extends Event {
    /** Time from another event of the device to this, in nanoseconds; both must have happened. */
    long nanosSince(TimedEvent earlier);
}
