package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A stream of a GPU. Tasks of the host are the calling thread's, as CUDA has no good place for them: a callback may not
 * use the GPU and holds up those of other streams. A stream for computing runs a task when the GPU has done what came
 * before. One for communication waits for that too, then only begins the task, which goes on by itself while the thread
 * gives other streams work; it is waited for with the event after it. A task must come after those begun before it by
 * itself, as calls on one communicator do.
 */
final class CudaStream implements Stream {
    private final CudaDriver driver;
    private final long handle;
    private final boolean background;
    private final Deque<HostTask> underWay = new ArrayDeque<>();
    private long begun;
    private long ended;

    CudaStream(CudaDriver driver, StreamUse use) {
        this.driver = driver;
        this.background = use == StreamUse.COMMUNICATION;
        this.handle = driver.createStream(background);
    }

    static CudaStream of(Stream stream) {
        if (stream instanceof CudaStream cuda) {
            return cuda;
        }
        throw new IllegalArgumentException("kernel runs on a GPU, and the stream is another device's: stream=" + stream
                + ". Enqueue it on a stream of the device that it was bound for.");
    }

    /** The driver's stream, to be given work that comes after all tasks begun. */
    long handle() {
        finish(begun);
        return handle;
    }

    @Override
    public void copy(Buffer from, Buffer to) {
        CudaBuffer target = CudaBuffer.of(to);
        target.requireSame(from);
        long own = handle();
        if (target.type().bytes() > 0) {
            driver.announce(new Work("copy", List.of(from), List.of(to)), own);
            driver.copy(target.address(), from.address(), target.type().bytes(), own);
        }
    }

    @Override
    public void enqueue(HostTask task) {
        driver.synchronizeStream(handle);
        if (!background) {
            task.run();
            return;
        }
        task.start();
        underWay.add(task);
        begun++;
    }

    @Override
    public void record(Event event) {
        CudaEvent own = (CudaEvent) event;
        driver.record(own.handle(), handle);
        own.recorded(this, begun);
    }

    @Override
    public void await(Event event) {
        CudaEvent other = (CudaEvent) event;
        other.finishTasks();
        if (other.wasRecorded()) {
            driver.await(other.handle(), handle);
        }
    }

    @Override
    public void synchronize() {
        finish(begun);
        driver.synchronizeStream(handle);
    }

    /** Waits for as many tasks, counted from the first ever; those that failed count. */
    void finish(long tasks) {
        while (ended < tasks) {
            ended++;
            underWay.remove().finish();
        }
    }

    boolean hasEnded(long tasks) {
        return ended >= tasks;
    }

    @Override
    public void close() {
        driver.destroyStream(handle);
    }

    @Override
    public String toString() {
        return background ? "CUDA communication" : "CUDA compute";
    }
}
