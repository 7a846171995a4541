package dev.tartan.backend.cuda;

import dev.tartan.backend.TimedEvent;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A point in a {@link CudaStream}: all that the GPU was given before, and so many tasks of the host. The driver's event
 * is freed when nobody can reach this one any more.
 */
final class CudaEvent implements TimedEvent {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaDriver driver;
    private final long handle;
    private final boolean timed;
    private @Nullable CudaStream stream;
    private long tasks;

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

    void recorded(CudaStream in, long begunTasks) {
        stream = in;
        tasks = begunTasks;
    }

    boolean wasRecorded() {
        return stream != null;
    }

    /** Waits for the tasks of the host that are before it. */
    void finishTasks() {
        CudaStream in = stream;
        if (in != null) {
            in.finish(tasks);
        }
    }

    @Override
    public void synchronize() {
        finishTasks();
        if (stream != null) {
            driver.synchronizeEvent(handle);
        }
    }

    @Override
    public boolean isDone() {
        CudaStream in = stream;
        return in == null || (in.hasEnded(tasks) && driver.isDone(handle));
    }

    @Override
    public long nanosSince(TimedEvent earlier) {
        CudaEvent other = (CudaEvent) earlier;
        if (!timed || !other.timed || stream == null || other.stream == null) {
            throw new IllegalStateException(
                    "event tells no time: it was not recorded, or is not timed. Record both first.");
        }
        return driver.nanosBetween(other.handle, handle);
    }
}
