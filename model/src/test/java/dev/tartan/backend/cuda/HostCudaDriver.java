package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.fake.OrderCheck;
import dev.tartan.backend.fake.OrderCheck.Range;
import dev.tartan.backend.fake.OrderCheck.Use;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A driver without a GPU: kernels run by {@link HostCuda}, products by {@link HostProducts}. Streams do nothing until
 * somebody waits; then it is drawn by a seed which one goes on, among those whose events allow it. Accesses that
 * nothing puts in order are reported as {@link OrderCheck} says, whatever is drawn, and so are those of memory that was
 * freed or never allocated. New memory holds NaNs.
 */
final class HostCudaDriver implements CudaDriver {
    private static final long PAGE_BYTES = 4096;

    private final Random random;
    private final OrderCheck check = new OrderCheck();
    private final TreeMap<Long, Block> blocks = new TreeMap<>();
    private final Map<Long, LazyStream> streams = new LinkedHashMap<>();
    private final Map<Long, LazyEvent> events = new LinkedHashMap<>();
    private final Map<Long, List<Noted>> graphs = new LinkedHashMap<>();
    private long handles;
    private int numGraphLaunches;
    private int ordered;
    private int leftOut = -1;
    private int copies;
    private int failingCopy = -1;

    private record Block(BytePointer memory, long bytes, boolean isHost) {}

    /** Something that a stream was given. */
    private record Noted(Work work, Runnable body) {}

    private record Queued(Runnable body, Map<LazyStream, Long> needs) {}

    private static final class LazyStream {
        private final int id;
        private final OrderCheck.Clock clock = new OrderCheck.Clock();
        private final Deque<Queued> waiting = new ArrayDeque<>();
        private @Nullable List<Noted> captured;
        private @Nullable Work work;
        private long enqueued;
        private long done;

        private LazyStream(int id) {
            this.id = id;
        }
    }

    private static final class LazyEvent {
        private final boolean timed;
        private final OrderCheck.Clock clock = new OrderCheck.Clock();
        private @Nullable LazyStream stream;
        private long position;
        private long nanos;

        private LazyEvent(boolean timed) {
            this.timed = timed;
        }
    }

    HostCudaDriver(long seed) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    /** Bytes that are allocated now, of the GPU or of the host for it. */
    synchronized long allocatedBytes(boolean onHost) {
        return blocks.values().stream()
                .filter(block -> block.isHost == onHost)
                .mapToLong(Block::bytes)
                .sum();
    }

    synchronized int numGraphLaunches() {
        return numGraphLaunches;
    }

    /** Leaves out one record, wait or synchronization of those asked for from now on, counted from 0; or none. */
    synchronized void leaveOut(int number) {
        ordered = 0;
        leftOut = number;
    }

    synchronized int numOrdered() {
        return ordered;
    }

    /** Fails one of the copies that streams are asked for from now on, counted from 0; or none. */
    synchronized void failCopy(int number) {
        copies = 0;
        failingCopy = number;
    }

    /** Copies that streams were asked for since {@link #failCopy}. */
    synchronized int numCopies() {
        return copies;
    }

    private boolean isLeftOut() {
        return ordered++ == leftOut;
    }

    @Override
    public Gpu gpu() {
        return new Gpu("CPU as a GPU", 90, 0);
    }

    @Override
    public void attachThread() {
        HostCuda.require();
    }

    @Override
    public long allocate(long bytes) {
        return allocate(bytes, 256, false);
    }

    @Override
    public long allocateHost(long bytes) {
        return allocate(bytes, PAGE_BYTES, true);
    }

    private synchronized long allocate(long bytes, long alignment, boolean isHost) {
        BytePointer memory = new BytePointer(bytes + alignment);
        Pointer.memset(memory, 0xff, bytes + alignment);
        long address = (memory.address() + alignment - 1) / alignment * alignment;
        blocks.put(address, new Block(memory, bytes, isHost));
        return address;
    }

    @Override
    public void free(long address) {
        free(address, false);
    }

    @Override
    public void freeHost(long address) {
        free(address, true);
    }

    private synchronized void free(long address, boolean isHost) {
        Block block = Objects.requireNonNull(blocks.get(address), "memory is freed that is not allocated");
        if (block.isHost != isHost) {
            throw new IllegalStateException("memory is freed as another kind than it is");
        }
        check.byHost(new Use("free", List.of(), List.of(new Range(address, address + block.bytes)), null));
        blocks.remove(address);
        block.memory.close();
    }

    private synchronized void requireAllocated(long address, long bytes, boolean mayBeHost) {
        Map.Entry<Long, Block> below = blocks.floorEntry(address);
        if (below == null || address + bytes > below.getKey() + below.getValue().bytes) {
            throw new IllegalStateException("access of memory that is not allocated: bytes=" + bytes);
        }
        if (below.getValue().isHost && !mayBeHost) {
            throw new IllegalStateException("kernel works on memory of the host");
        }
    }

    @Override
    public ByteBuffer hostBytes(long address, int bytes) {
        return HostProducts.at(address).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public synchronized void copy(long to, long from, long bytes, long stream) {
        requireAllocated(to, bytes, true);
        requireAllocated(from, bytes, true);
        // The first stream is for copies that the host waits for.
        if (stream(stream).id != 0 && copies++ == failingCopy) {
            throw new IllegalStateException("copy fails: number=" + failingCopy);
        }
        add(stream, () -> Pointer.memmove(HostProducts.at(to), HostProducts.at(from), bytes));
    }

    @Override
    public synchronized void write(long to, ByteBuffer from) {
        requireAllocated(to, from.remaining(), true);
        check.byHost(new Use("write", List.of(), List.of(new Range(to, to + from.remaining())), null));
        hostBytes(to, from.remaining()).put(from.duplicate());
    }

    @Override
    public synchronized void read(ByteBuffer into, long from) {
        requireAllocated(from, into.remaining(), true);
        check.byHost(new Use("read", List.of(new Range(from, from + into.remaining())), List.of(), null));
        into.duplicate().put(hostBytes(from, into.remaining()));
    }

    @Override
    public synchronized long createStream(boolean goesFirst) {
        streams.put(++handles, new LazyStream(streams.size()));
        return handles;
    }

    @Override
    public synchronized void destroyStream(long stream) {
        if (stream(stream).done < stream(stream).enqueued) {
            throw new IllegalStateException("stream is destroyed before its work is done");
        }
    }

    private LazyStream stream(long handle) {
        return Objects.requireNonNull(streams.get(handle), "no such stream");
    }

    private LazyEvent event(long handle) {
        return Objects.requireNonNull(events.get(handle), "no such event");
    }

    @Override
    public synchronized long createEvent(boolean timed) {
        events.put(++handles, new LazyEvent(timed));
        return handles;
    }

    @Override
    public synchronized void destroyEvent(long event) {
        events.remove(event);
    }

    @Override
    public synchronized void record(long event, long handle) {
        LazyEvent recorded = event(event);
        LazyStream stream = stream(handle);
        requireNotCapturing(stream);
        if (recorded.timed) {
            queue(stream, Map.of(), () -> recorded.nanos = System.nanoTime());
        } else if (isLeftOut()) {
            return;
        }
        recorded.stream = stream;
        recorded.position = stream.enqueued;
        recorded.clock.set(stream.clock);
    }

    @Override
    public synchronized void await(long event, long handle) {
        LazyEvent awaited = event(event);
        LazyStream stream = stream(handle);
        requireNotCapturing(stream);
        LazyStream other = awaited.stream;
        if (!isLeftOut() && other != null) {
            stream.clock.join(awaited.clock);
            // A wait is work: who synchronizes the stream waits for it too.
            queue(stream, Map.of(other, awaited.position), () -> {});
        }
    }

    private static void requireNotCapturing(LazyStream stream) {
        if (stream.captured != null) {
            throw new IllegalStateException("stream is captured, where only kernels and copies may be");
        }
    }

    @Override
    public synchronized boolean isDone(long event) {
        LazyEvent it = event(event);
        return it.stream == null || it.stream.done >= it.position;
    }

    @Override
    public synchronized void synchronizeStream(long handle) {
        LazyStream stream = stream(handle);
        requireNotCapturing(stream);
        // The first stream is for copies that the host waits for: that is no order of streams.
        if (stream.id == 0 || !isLeftOut()) {
            runUntil(stream, stream.enqueued);
            check.waited(stream.clock);
        }
    }

    @Override
    public synchronized void synchronizeEvent(long event) {
        LazyEvent it = event(event);
        if (!isLeftOut() && it.stream != null) {
            runUntil(it.stream, it.position);
            check.waited(it.clock);
        }
    }

    @Override
    public synchronized long nanosBetween(long earlier, long later) {
        if (!isDone(earlier) || !isDone(later)) {
            throw new IllegalStateException("unordered: time of an event by the host is read before it happens");
        }
        return event(later).nanos - event(earlier).nanos;
    }

    @Override
    public CudaCall prepare(Launch launch) {
        return stream -> add(stream, () -> HostCuda.run(launch, random.nextLong()));
    }

    @Override
    public CudaCall prepare(BoundProduct bound) {
        long bytes = bound.product().workspaceBytes();
        requireAllocated(bound.workspace(), bytes, false);
        return stream -> add(stream, () -> {
            // What a library leaves there.
            Pointer.memset(HostProducts.at(bound.workspace()), 0xff, bytes);
            HostProducts.run(bound);
        });
    }

    @Override
    public synchronized void beginCapture(long stream) {
        requireNotCapturing(stream(stream));
        stream(stream).captured = new ArrayList<>();
    }

    @Override
    public synchronized long endCapture(long handle) {
        LazyStream stream = stream(handle);
        graphs.put(++handles, Objects.requireNonNull(stream.captured, "stream is not captured"));
        stream.captured = null;
        return handles;
    }

    @Override
    public synchronized void launchGraph(long graph, long handle) {
        numGraphLaunches++;
        for (Noted each : Objects.requireNonNull(graphs.get(graph), "no such graph")) {
            enqueue(stream(handle), each);
        }
    }

    @Override
    public synchronized void destroyGraph(long graph) {
        graphs.remove(graph);
    }

    @Override
    public synchronized void announce(Work work, long stream) {
        for (Buffer buffer : work.reads()) {
            requireAllocated(
                    buffer.address(), buffer.type().bytes(), work.label().startsWith("copy"));
        }
        for (Buffer buffer : work.writes()) {
            requireAllocated(
                    buffer.address(), buffer.type().bytes(), work.label().startsWith("copy"));
        }
        stream(stream).work = work;
    }

    @Override
    public synchronized void announceByHost(Work work) {
        check.byHost(new Use(work.label(), ranges(work.reads()), ranges(work.writes()), null));
    }

    private synchronized void add(long handle, Runnable body) {
        LazyStream stream = stream(handle);
        Noted noted = new Noted(Objects.requireNonNull(stream.work, "work was not announced"), body);
        if (stream.captured != null) {
            stream.captured.add(noted);
        } else {
            enqueue(stream, noted);
        }
    }

    private void enqueue(LazyStream stream, Noted noted) {
        Use use = new Use(noted.work.label(), ranges(noted.work.reads()), ranges(noted.work.writes()), null);
        check.enqueue(stream.id, stream.clock, use);
        queue(stream, Map.of(), noted.body);
    }

    private static void queue(LazyStream stream, Map<LazyStream, Long> needs, Runnable body) {
        stream.waiting.add(new Queued(body, needs));
        stream.enqueued++;
    }

    private static List<Range> ranges(List<Buffer> buffers) {
        return buffers.stream()
                .map(buffer -> new Range(
                        buffer.address(), buffer.address() + buffer.type().bytes()))
                .toList();
    }

    private void runUntil(LazyStream target, long position) {
        while (target.done < position) {
            List<LazyStream> ready =
                    streams.values().stream().filter(HostCudaDriver::isReady).toList();
            if (ready.isEmpty()) {
                throw new IllegalStateException("streams wait for each other");
            }
            LazyStream next = ready.get(random.nextInt(ready.size()));
            next.waiting.remove().body().run();
            next.done++;
        }
    }

    private static boolean isReady(LazyStream stream) {
        Queued next = stream.waiting.peek();
        return next != null && next.needs().entrySet().stream().allMatch(need -> need.getKey().done >= need.getValue());
    }

    @Override
    public void close() {}
}
