package dev.tartan.collective.transport.tcp;

/** What a {@link Watcher}'s selector finds ready; attached to a selection key. */
interface Attended {
    /** Does what can be done without waiting; deals with its own errors. */
    void ready();
}
