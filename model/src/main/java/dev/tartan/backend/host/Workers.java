package dev.tartan.backend.host;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the tasks of a loop on the calling thread and, while they are idle, on helper threads that all devices of the
 * process share. Thread-safe. Tasks must be independent of each other and of the thread they run on.
 */
public final class Workers {
    private static final ExecutorService HELPERS =
            Executors.newFixedThreadPool(Math.max(1, Runtime.getRuntime().availableProcessors() - 1), task -> {
                Thread thread = new Thread(() -> runHelper(task), "tartan-kernel-helper");
                thread.setDaemon(true);
                // They outlive the task that happens to start them, and must not keep its class loader.
                thread.setContextClassLoader(Workers.class.getClassLoader());
                return thread;
            });

    private final int numThreads;

    private static void runHelper(Runnable task) {
        Denormals.flush();
        task.run();
    }

    /** Loops that run on at most {@code numThreads} threads, the caller's included. */
    public Workers(int numThreads) {
        this.numThreads = numThreads;
    }

    /** Most threads that one loop uses. */
    public int numThreads() {
        return numThreads;
    }

    /** Runs {@code task} for 0 to {@code numTasks} - 1 and returns when all are done; rethrows what a task throws. */
    public void run(int numTasks, IntConsumer task) {
        int helpers = Math.min(numThreads, numTasks) - 1;
        if (helpers <= 0) {
            for (int i = 0; i < numTasks; i++) {
                task.accept(i);
            }
            return;
        }
        Loop loop = new Loop(numTasks, task);
        for (int i = 0; i < helpers; i++) {
            HELPERS.execute(loop);
        }
        loop.run();
        loop.await();
    }

    /** One loop; each thread that runs it takes tasks until there are none left. */
    private static final class Loop implements Runnable {
        private final int numTasks;
        private final IntConsumer task;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger numUnfinished;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Loop(int numTasks, IntConsumer task) {
            this.numTasks = numTasks;
            this.task = task;
            this.numUnfinished = new AtomicInteger(numTasks);
        }

        @Override
        public void run() {
            for (int i = next.getAndIncrement(); i < numTasks; i = next.getAndIncrement()) {
                try {
                    task.accept(i);
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                } finally {
                    numUnfinished.decrementAndGet();
                }
            }
        }

        void await() {
            // The tasks still running were begun before the caller ran out of tasks, so this is short.
            for (int spins = 0; numUnfinished.get() > 0; spins++) {
                if (spins < 1000) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
            Throwable thrown = failure.get();
            if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
            if (thrown instanceof Error error) {
                throw error;
            }
        }
    }
}
