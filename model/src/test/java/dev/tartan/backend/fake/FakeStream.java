package dev.tartan.backend.fake;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Stream;
import dev.tartan.backend.fake.OrderCheck.Use;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A stream of a {@link FakeDevice}. */
final class FakeStream implements Stream {
    /** Something to do, its place among all that was enqueued, and how far other streams must be before. */
    record Work(
            long number, @Nullable Runnable body, @Nullable HostTask task, Map<FakeStream, Long> needs) {}

    private final FakeDevice device;
    final int id;
    final OrderCheck.Clock clock = new OrderCheck.Clock();
    final Deque<Work> waiting = new ArrayDeque<>();
    Map<FakeStream, Long> needs = new LinkedHashMap<>();

    @Nullable
    HostTask begun;

    long begunNumber;
    long enqueued;
    long done;

    FakeStream(FakeDevice device, int id) {
        this.device = device;
        this.id = id;
    }

    /** Enqueues what a kernel does. */
    void launch(String what, List<Buffer> reads, List<Buffer> writes, Runnable body) {
        device.enqueue(this, FakeDevice.use(what, reads, writes, null), body, null);
    }

    @Override
    public void copy(Buffer from, Buffer to) {
        launch("copy", List.of(from), List.of(to), () -> FakeBuffer.real(to).copyFrom(FakeBuffer.real(from)));
    }

    @Override
    public void enqueue(HostTask task) {
        Use use = FakeDevice.use(task.toString(), task.reads(), task.writes(), task.channel());
        device.enqueue(this, use, null, task);
    }

    @Override
    public void record(Event event) {
        device.record(this, (FakeEvent) event);
    }

    @Override
    public void await(Event event) {
        device.await(this, (FakeEvent) event);
    }

    @Override
    public void synchronize() {
        device.synchronize(this);
    }

    @Override
    public void close() {
        if (done < enqueued) {
            throw new IllegalStateException("stream is closed before its work is done: stream=" + id);
        }
    }
}
