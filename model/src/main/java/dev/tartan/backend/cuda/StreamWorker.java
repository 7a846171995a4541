package dev.tartan.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A thread that gives a stream its work, one thing after the other, so that whoever enqueues waits neither for the GPU
 * nor for tasks of the host. The thread is made when there is something to do. When something fails, what comes after
 * it is not done, until {@link #awaitIdle} has told so.
 */
final class StreamWorker implements AutoCloseable {
    private final String name;
    private final Runnable prepare;
    private final Deque<Job> waiting = new ArrayDeque<>();
    private @Nullable Thread thread;
    private @Nullable Throwable failure;
    private boolean running;
    private boolean interruptsNext;
    private boolean closed;

    /** Something to do. */
    @FunctionalInterface
    interface Job {
        /**
         * Does it, or what is left to do of it after a failure.
         *
         * @param failure of what came before
         */
        void run(@Nullable Throwable failure);
    }

    /**
     * Makes an idle worker.
     *
     * @param name of the thread
     * @param prepare what the thread does first
     */
    StreamWorker(String name, Runnable prepare) {
        this.name = name;
        this.prepare = prepare;
    }

    /** Does it after all that was added before, unless that fails. */
    void add(Runnable work) {
        addAlways(failed -> {
            if (failed == null) {
                work.run();
            }
        });
    }

    /** Runs a job after all that was added before, also if that fails. */
    synchronized void addAlways(Job job) {
        if (thread == null) {
            thread = new Thread(this::runAll, name);
            thread.setDaemon(true);
            thread.start();
        }
        waiting.add(job);
        notifyAll();
    }

    /**
     * Waits until there is nothing left to do. What interrupts the caller interrupts the worker instead, whose task
     * then fails soon.
     *
     * @throws RuntimeException what failed, once
     */
    synchronized void awaitIdle() {
        boolean interrupted = false;
        while (running || !waiting.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                interrupt();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Throwable failed = failure;
        failure = null;
        rethrow(failed);
    }

    /** Throws what a worker failed with, if it did. */
    static void rethrow(@Nullable Throwable failed) {
        if (failed instanceof RuntimeException exception) {
            throw exception;
        }
        if (failed instanceof Error error) {
            throw error;
        }
    }

    /** Interrupts what the worker does now, or next if it is about to. */
    synchronized void interrupt() {
        if (thread != null && running) {
            thread.interrupt();
        } else if (!waiting.isEmpty()) {
            interruptsNext = true;
        }
    }

    private void runAll() {
        boolean isPrepared = false;
        for (Job job = next(); job != null; job = next()) {
            try {
                if (!isPrepared) {
                    prepare.run();
                    isPrepared = true;
                }
                job.run(failureSoFar());
            } catch (RuntimeException | Error e) {
                fail(e);
            }
        }
    }

    private synchronized @Nullable Throwable failureSoFar() {
        return failure;
    }

    private synchronized void fail(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
    }

    private synchronized @Nullable Job next() {
        running = false;
        notifyAll();
        while (waiting.isEmpty()) {
            if (closed) {
                return null;
            }
            try {
                wait();
            } catch (InterruptedException ignored) {
                // It was meant for what has just ended.
            }
        }
        running = true;
        if (interruptsNext) {
            interruptsNext = false;
            Thread.currentThread().interrupt();
        }
        return waiting.remove();
    }

    /** Ends the thread when there is nothing left to do. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
