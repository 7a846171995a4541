package dev.tartan.collective;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls one after the other on a thread of its own, so that they overlap with the computation of the rank that
 * started them. The thread is made by the first call, and ends when it is idle for long. Allocates nothing once as many
 * calls as ever are under way.
 */
public final class CallQueue implements AutoCloseable {
    /** An idle thread ends; the next call makes another. */
    private static final long KEEP_ALIVE_MILLIS = 5000;

    private final String name;
    private final Consumer<CollectiveCall> run;
    private final Consumer<Throwable> abort;
    private final Deque<Entry> waiting = new ArrayDeque<>();
    private final Deque<Entry> spare = new ArrayDeque<>();
    private @Nullable Thread thread;
    private int running;
    private boolean closed;

    /**
     * Makes an idle queue.
     *
     * @param name of the thread
     * @param run does a call
     * @param abort ends the group
     */
    public CallQueue(String name, Consumer<CollectiveCall> run, Consumer<Throwable> abort) {
        this.name = name;
        this.run = run;
        this.abort = abort;
    }

    private final class Entry implements PendingCall {
        private @Nullable CollectiveCall call;
        private @Nullable Throwable failure;
        private boolean done;
        private long endedNanos;

        @Override
        public boolean isDone() {
            synchronized (CallQueue.this) {
                return done;
            }
        }

        @Override
        public void await() {
            boolean interrupted = false;
            Throwable thrown;
            synchronized (CallQueue.this) {
                while (!done) {
                    try {
                        CallQueue.this.wait();
                    } catch (InterruptedException e) {
                        interrupted = true;
                        // The thread of the calls then fails soon.
                        abort.accept(e);
                    }
                }
                thrown = failure;
                failure = null;
                spare.add(this);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (thrown instanceof RuntimeException runtime) {
                throw runtime;
            }
            if (thrown instanceof Error error) {
                throw error;
            }
        }

        @Override
        public long endedNanos() {
            return endedNanos;
        }
    }

    /** Starts a call after those started before; the result is to be awaited once, and not used after that. */
    public synchronized PendingCall start(CollectiveCall call) {
        if (closed) {
            throw new IllegalStateException("communicator is closed: call=" + call.describe() + ". Make a new one.");
        }
        if (thread == null) {
            thread = new Thread(this::runAll, name);
            thread.setDaemon(true);
            thread.start();
        }
        Entry entry = spare.isEmpty() ? new Entry() : spare.remove();
        entry.call = call;
        entry.done = false;
        waiting.add(entry);
        notifyAll();
        return entry;
    }

    /** Waits until all that was started has ended. */
    public synchronized void awaitIdle() {
        boolean interrupted = false;
        while (!waiting.isEmpty() || running > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                abort.accept(e);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void runAll() {
        for (Entry entry = next(); entry != null; entry = next()) {
            Throwable thrown = null;
            CollectiveCall call = entry.call;
            try {
                if (call != null) {
                    run.accept(call);
                }
            } catch (RuntimeException | Error e) {
                thrown = e;
            }
            synchronized (this) {
                entry.endedNanos = System.nanoTime();
                entry.failure = thrown;
                entry.done = true;
                running--;
                notifyAll();
            }
        }
    }

    private synchronized @Nullable Entry next() {
        long idleSinceNanos = System.nanoTime();
        while (waiting.isEmpty()) {
            long millis = KEEP_ALIVE_MILLIS - (System.nanoTime() - idleSinceNanos) / 1_000_000;
            if (closed || millis <= 0 || Thread.currentThread().isInterrupted()) {
                thread = null;
                return null;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                // Nobody has reason to interrupt this thread but one who wants it to end.
                Thread.currentThread().interrupt();
            }
        }
        running++;
        return waiting.remove();
    }

    /** Ends the thread once all that was started has ended. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
