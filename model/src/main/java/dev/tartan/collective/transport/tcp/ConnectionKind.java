package dev.tartan.collective.transport.tcp;

/** What connections between processes are for. */
enum ConnectionKind {
    /** Messages of calls between two ranks, moved by the rank's thread. */
    DATA,
    /** Heartbeats and news of failures between two processes, moved by the {@link Watcher}. */
    CONTROL
}
