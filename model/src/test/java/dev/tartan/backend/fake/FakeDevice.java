package dev.tartan.backend.fake;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Event;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.TimedEvent;
import dev.tartan.backend.fake.FakeStream.Work;
import dev.tartan.backend.fake.OrderCheck.Range;
import dev.tartan.backend.fake.OrderCheck.Use;
import dev.tartan.plan.DeviceProfile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A device whose kernels are another's, done on the thread that waits. Nothing is done before somebody waits; then it
 * is drawn by a seed which stream goes on, among those whose events allow it. A task is begun when its turn comes. When
 * nothing else can go on, the one that was enqueued first of those begun is waited for. So no device waits for a task
 * before it has begun all that it can, and devices that enqueue tasks in one order do not wait for each other in a
 * ring.
 *
 * <p>Orders, waits and accesses are checked as {@link OrderCheck} says, whatever is drawn.
 */
public final class FakeDevice extends ForwardingDevice {
    private final Random random;
    private final OrderCheck check = new OrderCheck();
    private final List<FakeStream> streams = new ArrayList<>();
    private final KernelLibrary kernels;
    private final DeviceProfile profile;
    private long works;
    private int ordered;
    private int leftOut = -1;

    FakeDevice(Device device, KernelLibrary kernels, DeviceProfile profile, long seed) {
        super(device);
        this.profile = profile;
        this.kernels = kernels;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    /**
     * Leaves out one record, wait or synchronization of those that streams are asked for from now on, counted from 0; a
     * negative number leaves out none.
     */
    public synchronized void leaveOut(int number) {
        ordered = 0;
        leftOut = number;
    }

    /** Records, waits and synchronizations that streams were asked for since {@link #leaveOut}. */
    public synchronized int numOrdered() {
        return ordered;
    }

    private boolean isLeftOut() {
        return ordered++ == leftOut;
    }

    @Override
    public Arena allocate(long bytes) {
        return new FakeArena(this, super.allocate(bytes), MemorySpace.DEVICE);
    }

    @Override
    public Arena allocateHost(long bytes) {
        return new FakeArena(this, super.allocateHost(bytes), MemorySpace.PINNED_HOST);
    }

    @Override
    public KernelLibrary kernels() {
        return kernels;
    }

    @Override
    public DeviceProfile profile() {
        return profile;
    }

    @Override
    public synchronized Stream stream(StreamUse use) {
        FakeStream stream = new FakeStream(this, streams.size());
        streams.add(stream);
        return stream;
    }

    @Override
    public Event event() {
        return new FakeEvent(this, false);
    }

    @Override
    public TimedEvent timedEvent() {
        return new FakeEvent(this, true);
    }

    static Use use(String what, List<Buffer> reads, List<Buffer> writes, @Nullable Object channel) {
        return new Use(what, ranges(reads), ranges(writes), channel);
    }

    private static List<Range> ranges(List<Buffer> buffers) {
        return buffers.stream()
                .map(buffer -> new Range(
                        buffer.address(), buffer.address() + buffer.type().bytes()))
                .toList();
    }

    synchronized void byHost(Use use) {
        check.byHost(use);
    }

    synchronized void enqueue(FakeStream stream, Use use, @Nullable Runnable body, @Nullable HostTask task) {
        check.enqueue(stream.id, stream.clock, use);
        add(stream, body, task);
    }

    private void add(FakeStream stream, @Nullable Runnable body, @Nullable HostTask task) {
        stream.waiting.add(new Work(works++, body, task, stream.needs));
        stream.needs = new LinkedHashMap<>();
        stream.enqueued++;
    }

    synchronized void record(FakeStream stream, FakeEvent event) {
        if (event.timed) {
            add(stream, () -> event.nanos = System.nanoTime(), null);
        } else if (isLeftOut()) {
            return;
        }
        event.stream = stream;
        event.position = stream.enqueued;
        event.clock.set(stream.clock);
    }

    synchronized void await(FakeStream stream, FakeEvent event) {
        FakeStream other = event.stream;
        if (isLeftOut() || other == null) {
            return;
        }
        stream.clock.join(event.clock);
        stream.needs.merge(other, event.position, Math::max);
    }

    synchronized void synchronize(FakeStream stream) {
        if (!isLeftOut()) {
            runUntil(stream, stream.enqueued);
            check.waited(stream.clock);
        }
    }

    synchronized void synchronize(FakeEvent event) {
        FakeStream stream = event.stream;
        if (!isLeftOut() && stream != null) {
            runUntil(stream, event.position);
            check.waited(event.clock);
        }
    }

    private void runUntil(FakeStream target, long position) {
        while (target.done < position) {
            List<FakeStream> ready =
                    streams.stream().filter(FakeDevice::isReady).toList();
            if (!ready.isEmpty()) {
                goOn(ready.get(random.nextInt(ready.size())));
                continue;
            }
            goOn(streams.stream()
                    .filter(stream -> stream.begun != null)
                    .min(Comparator.comparingLong(stream -> stream.begunNumber))
                    .orElseThrow(() -> new IllegalStateException("streams wait for each other")));
        }
    }

    private static boolean isReady(FakeStream stream) {
        Work next = stream.waiting.peek();
        return stream.begun == null
                && next != null
                && next.needs().entrySet().stream().allMatch(need -> need.getKey().done >= need.getValue());
    }

    private void goOn(FakeStream stream) {
        try {
            HostTask begun = stream.begun;
            if (begun != null) {
                stream.begun = null;
                stream.done++;
                begun.finish();
                return;
            }
            Work work = stream.waiting.remove();
            if (work.task() != null) {
                work.task().start();
                stream.begun = work.task();
                stream.begunNumber = work.number();
            } else {
                Objects.requireNonNull(work.body()).run();
                stream.done++;
            }
        } catch (RuntimeException | Error e) {
            giveUp();
            throw e;
        }
    }

    /** As after a CUDA error: nothing is done any more but what has begun. */
    private void giveUp() {
        for (FakeStream stream : streams) {
            stream.waiting.clear();
            stream.needs.clear();
            stream.done = stream.enqueued - (stream.begun == null ? 0 : 1);
        }
    }
}
