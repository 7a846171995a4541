package dev.tartan.spark.runtime;

import org.apache.spark.SparkEnv;

/**
 * Interrupts a task when its session is stopped. On a cluster the executor's process ends then; with a local master,
 * Spark leaves the task running, in a JVM that may live on as a notebook's.
 */
final class EndWithSession implements AutoCloseable {
    private static final long POLL_MILLIS = 200;

    private final Thread task;
    private final SparkEnv session = SparkEnv.get();
    private final Thread watch = new Thread(this::watch, "tartan-session-watch");
    private boolean closed;

    private EndWithSession(Thread task) {
        this.task = task;
    }

    /** Watches the session for a task's thread until closed. */
    static EndWithSession of(Thread task) {
        EndWithSession watched = new EndWithSession(task);
        watched.watch.setDaemon(true);
        watched.watch.start();
        return watched;
    }

    private synchronized void watch() {
        try {
            while (!closed && !session.isStopped()) {
                wait(POLL_MILLIS);
            }
            if (!closed) {
                task.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
