package dev.tartan.backend.cuda;

import dev.tartan.backend.TimedEvent;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A point in a {@link CudaStream}. It may be asked for by one thread and recorded by another, later; who waits for it
 * first waits for that. The driver's event is freed when nobody can reach this one any more.
 */
final class CudaEvent implements TimedEvent {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaDriver driver;
    private final long handle;
    private final boolean timed;
    private @Nullable CudaStream stream;
    private long numRequested;
    private long numRecorded;
    private @Nullable Throwable failure;

    CudaEvent(CudaDriver driver, boolean timed) {
        long made = driver.createEvent(timed);
        this.driver = driver;
        this.handle = made;
        this.timed = timed;
        CLEANER.register(this, () -> driver.destroyEvent(made));
    }

    long handle() {
        return handle;
    }

    /** A stream is asked to record it, as the time of this number. */
    synchronized long request(CudaStream in) {
        stream = in;
        return ++numRequested;
    }

    /** How often a stream was asked to record it. */
    synchronized long numRequested() {
        return numRequested;
    }

    /**
     * It was recorded.
     *
     * @param failed what the stream had failed with by then
     */
    synchronized void recorded(long number, @Nullable Throwable failed) {
        numRecorded = number;
        failure = failed;
        notifyAll();
    }

    /**
     * Waits until it was recorded so many times. What interrupts the caller interrupts the stream's task instead, which
     * then fails soon.
     *
     * @throws RuntimeException what the stream had failed with
     */
    synchronized void awaitRecorded(long number) {
        boolean interrupted = false;
        while (numRecorded < number) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                if (stream != null) {
                    stream.interrupt();
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        StreamWorker.rethrow(failure);
    }

    @Override
    public void synchronize() {
        long number = numRequested();
        if (number > 0) {
            awaitRecorded(number);
            driver.synchronizeEvent(handle);
        }
    }

    private synchronized boolean isRecorded() {
        return numRecorded == numRequested;
    }

    @Override
    public boolean isDone() {
        return isRecorded() && (numRequested() == 0 || driver.isDone(handle));
    }

    @Override
    public long nanosSince(TimedEvent earlier) {
        CudaEvent other = (CudaEvent) earlier;
        if (!timed || !other.timed || numRequested() == 0 || other.numRequested() == 0) {
            throw new IllegalStateException(
                    "event tells no time: it was not recorded, or is not timed. Record both first.");
        }
        return driver.nanosBetween(other.handle, handle);
    }
}
