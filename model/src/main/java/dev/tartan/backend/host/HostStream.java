package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A stream of a device whose kernels the calling thread runs. One for computing does everything at once. One for
 * communication only begins tasks, which go on by themselves, and waits for them when their events are waited for; a
 * task must come after those begun before it by itself, as calls on one communicator do.
 */
public final class HostStream implements Stream {
    private final boolean background;
    private final Deque<HostTask> underWay = new ArrayDeque<>();
    private long begun;
    private long ended;

    /** Makes a stream that has done everything. */
    public HostStream(StreamUse use) {
        this.background = use == StreamUse.COMMUNICATION;
    }

    static HostStream of(Stream stream) {
        if (stream instanceof HostStream host) {
            return host;
        }
        throw new IllegalArgumentException("kernel runs on the host, and the stream is another device's: stream="
                + stream + ". Enqueue it on" + " a stream of the device that it was bound for.");
    }

    void run(HostKernel kernel) {
        synchronize();
        kernel.run();
    }

    @Override
    public void copy(Buffer from, Buffer to) {
        synchronize();
        to.copyFrom(from);
    }

    @Override
    public void enqueue(HostTask task) {
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
        ((HostEvent) event).recorded(this, begun);
    }

    @Override
    public void await(Event event) {
        event.synchronize();
    }

    @Override
    public void synchronize() {
        finish(begun);
    }

    /** Waits for as many tasks, counted from the first ever; those that failed count. */
    void finish(long tasks) {
        while (ended < tasks) {
            ended++;
            underWay.remove().finish();
        }
    }

    @Nullable
    HostTask lastUnderWay() {
        return underWay.peekLast();
    }

    boolean hasEnded(long tasks) {
        return ended >= tasks;
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
        return background ? "host communication" : "host compute";
    }
}
