package dev.tartan.collective.transport.tcp;

/** The two connections between each pair of ranks. */
enum ConnectionKind {
    /** Messages of calls, moved by the rank's thread. */
    DATA,
    /** Heartbeats and news of failures, moved by the {@link Watcher}. */
    CONTROL
}
