package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A stream of a GPU. Tasks of the host are done by a thread, as CUDA has no good place for them: a callback may not use
 * the GPU and holds up those of other streams. In a stream for computing that is the calling thread. It runs a task
 * when the GPU has done what came before, and waits for an event until it is recorded. Other streams have a
 * {@link StreamWorker} that does so; with them the calling thread waits for nothing.
 */
final class CudaStream implements Stream {
    private final CudaDriver driver;
    private final StreamUse use;
    private final long handle;
    private final @Nullable StreamWorker worker;

    CudaStream(CudaDriver driver, StreamUse use) {
        this.driver = driver;
        this.use = use;
        boolean isBeside = use != StreamUse.COMPUTE;
        this.handle = driver.createStream(isBeside);
        this.worker = isBeside ? new StreamWorker("tartan-" + this, driver::attachThread) : null;
    }

    static CudaStream of(Stream stream) {
        if (stream instanceof CudaStream cuda) {
            return cuda;
        }
        throw new IllegalArgumentException("kernel runs on a GPU, and the stream is another device's: stream=" + stream
                + ". Enqueue it on a stream of the device that it was bound for.");
    }

    /** The driver's stream, to be given work that comes after all that this one was given. */
    long handle() {
        if (worker != null) {
            worker.awaitIdle();
        }
        return handle;
    }

    private void give(Runnable work) {
        if (worker == null) {
            work.run();
        } else {
            worker.add(work);
        }
    }

    @Override
    public void copy(Buffer from, Buffer to) {
        CudaBuffer target = CudaBuffer.of(to);
        target.requireSame(from);
        if (target.type().bytes() > 0) {
            give(() -> {
                driver.announce(new Work("copy", List.of(from), List.of(to)), handle);
                driver.copy(target.address(), from.address(), target.type().bytes(), handle);
            });
        }
    }

    @Override
    public void enqueue(HostTask task) {
        give(() -> {
            driver.synchronizeStream(handle);
            driver.announceByHost(new Work("task", task.reads(), task.writes()));
            task.run();
        });
    }

    @Override
    public void record(Event event) {
        CudaEvent own = (CudaEvent) event;
        long number = own.request(this);
        if (worker == null) {
            driver.record(own.handle(), handle);
            own.recorded(number, null);
            return;
        }
        worker.addAlways(failure -> {
            Throwable failed = failure;
            try {
                driver.record(own.handle(), handle);
            } catch (RuntimeException | Error e) {
                failed = failed == null ? e : failed;
                throw e;
            } finally {
                // Whoever waits for it must not wait forever.
                own.recorded(number, failed);
            }
        });
    }

    @Override
    public void await(Event event) {
        CudaEvent other = (CudaEvent) event;
        long number = other.numRequested();
        if (number > 0) {
            give(() -> {
                other.awaitRecorded(number);
                driver.await(other.handle(), handle);
            });
        }
    }

    @Override
    public void synchronize() {
        if (worker != null) {
            worker.awaitIdle();
        }
        driver.synchronizeStream(handle);
    }

    /** Interrupts the task that is done now, if the calling thread does not do it. */
    void interrupt() {
        if (worker != null) {
            worker.interrupt();
        }
    }

    @Override
    public void close() {
        if (worker != null) {
            worker.close();
        }
        driver.destroyStream(handle);
    }

    /** For example {@code CUDA copy}. */
    @Override
    public String toString() {
        return "CUDA " + use.name().toLowerCase(Locale.ROOT);
    }
}
