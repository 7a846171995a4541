package dev.tartan.collective;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls one after the other on a thread of its own, so that they overlap with the computation of the rank that
 * started them. A rank that waits for a call that this thread has not come to yet runs it itself, since waking a thread
 * and being woken by it takes longer than a small call. The thread is made by the first call, and ends when it is idle
 * for long. A queue without a thread leaves all calls to whoever waits for them. Allocates nothing once as many calls
 * as ever are under way.
 */
public final class CallQueue implements AutoCloseable {
    /** An idle thread ends; the next call makes another. */
    private static final long KEEP_ALIVE_MILLIS = 5000;

    private final @Nullable String name;
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
     * @param name of the thread; null for a queue without one
     * @param run does a call
     * @param abort ends the group
     */
    public CallQueue(@Nullable String name, Consumer<CollectiveCall> run, Consumer<Throwable> abort) {
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
            runUntil(this);
            Throwable thrown;
            synchronized (CallQueue.this) {
                thrown = failure;
                failure = null;
                spare.add(this);
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
        if (thread == null && name != null) {
            thread = new Thread(this::runAll, name);
            thread.setDaemon(true);
            thread.start();
        }
        Entry entry = spare.isEmpty() ? new Entry() : spare.remove();
        entry.call = call;
        entry.done = false;
        waiting.add(entry);
        if (name != null) {
            notifyAll();
        }
        return entry;
    }

    /** Waits until all that was started has ended. */
    public void awaitIdle() {
        runUntil(null);
    }

    /** Returns when a call has ended, or all if that is null; runs what no other thread has begun by then. */
    private void runUntil(@Nullable Entry last) {
        for (Entry next = awaitTurn(last); next != null; next = awaitTurn(last)) {
            runNow(next);
        }
    }

    /** The next call to run, once no other is running; null when {@code last} has ended, or all if that is null. */
    private synchronized @Nullable Entry awaitTurn(@Nullable Entry last) {
        boolean interrupted = false;
        try {
            while (last == null ? running > 0 || !waiting.isEmpty() : !last.done) {
                if (running == 0 && !waiting.isEmpty()) {
                    return begin();
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                    // Calls under way, and those to come, then fail soon.
                    abort.accept(e);
                }
            }
            return null;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Entry begin() {
        running++;
        return waiting.remove();
    }

    private void runAll() {
        for (Entry entry = next(); entry != null; entry = next()) {
            runNow(entry);
        }
    }

    private void runNow(Entry entry) {
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

    /** The next call, for the queue's thread, once nobody runs another; null if the thread is to end. */
    private synchronized @Nullable Entry next() {
        long idleSinceNanos = System.nanoTime();
        boolean interrupted = Thread.interrupted();
        while (waiting.isEmpty() || running > 0) {
            long millis = KEEP_ALIVE_MILLIS - (System.nanoTime() - idleSinceNanos) / 1_000_000;
            if (waiting.isEmpty() && (closed || millis <= 0 || interrupted)) {
                thread = null;
                return null;
            }
            try {
                wait(Math.max(1, millis));
            } catch (InterruptedException e) {
                // Nobody has reason to interrupt this thread but one who wants it to end.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return begin();
    }

    /** Ends the thread once all that was started has ended. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
