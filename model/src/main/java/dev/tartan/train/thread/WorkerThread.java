package dev.tartan.train.thread;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One daemon thread that does work in the order in which it is given, under the class loader of the thread that made
 * it. Safe for use by many threads.
 */
public final class WorkerThread implements Executor {
    private final ExecutorService executor;

    /** Starts when it is first given work. */
    public WorkerThread(String name) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        executor = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            thread.setContextClassLoader(loader);
            return thread;
        });
    }

    @Override
    public void execute(Runnable work) {
        executor.execute(work);
    }

    /** Does the work later; its failure is in the result. */
    public Future<?> submit(Runnable work) {
        return executor.submit(work);
    }

    /**
     * Waits until all work is done that was given so far.
     *
     * @return whether it is, in time
     */
    public boolean awaitIdle(Duration limit) throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        try {
            executor.execute(reached::countDown);
        } catch (RejectedExecutionException e) {
            return executor.awaitTermination(limit.toNanos(), TimeUnit.NANOSECONDS);
        }
        return reached.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Takes no more work, and returns when all that was given is done, also if the caller is interrupted. */
    public void finish() {
        executor.shutdown();
        awaitEnd();
    }

    /** Interrupts the work, drops what was not begun, and returns when the thread does nothing any more. */
    public void stop() {
        executor.shutdownNow();
        awaitEnd();
    }

    private void awaitEnd() {
        boolean interrupted = false;
        while (!executor.isTerminated()) {
            try {
                boolean unused = executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
