package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.HostTask;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.PendingCall;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A call on a communicator as a stream takes it. Made once, allocates nothing when it is done. */
final class CollectiveTask implements HostTask, CollectiveWork {
    private final Communicator communicator;
    private final List<Buffer> reads;
    private final List<Buffer> writes;
    private final Runnable run;
    private final Supplier<PendingCall> start;
    private @Nullable PendingCall pending;
    private long endedNanos;

    private CollectiveTask(
            Communicator communicator,
            List<Buffer> reads,
            List<Buffer> writes,
            Runnable run,
            Supplier<PendingCall> start) {
        this.communicator = communicator;
        this.reads = List.copyOf(reads);
        this.writes = List.copyOf(writes);
        this.run = run;
        this.start = start;
    }

    /** One call. */
    static CollectiveTask of(Communicator communicator, CollectiveCall call, List<Buffer> reads, List<Buffer> writes) {
        return new CollectiveTask(
                communicator, reads, writes, () -> communicator.run(call), () -> communicator.start(call));
    }

    /** Two calls, one after the other. */
    static CollectiveTask of(
            Communicator communicator,
            CollectiveCall first,
            CollectiveCall second,
            List<Buffer> reads,
            List<Buffer> writes) {
        return new CollectiveTask(
                communicator,
                reads,
                writes,
                () -> {
                    communicator.run(first);
                    communicator.run(second);
                },
                () -> both(communicator.start(first), communicator.start(second)));
    }

    private static PendingCall both(PendingCall first, PendingCall second) {
        return new PendingCall() {
            @Override
            public boolean isDone() {
                return first.isDone() && second.isDone();
            }

            @Override
            public void await() {
                try {
                    first.await();
                } finally {
                    second.await();
                }
            }

            @Override
            public long endedNanos() {
                return second.endedNanos();
            }
        };
    }

    @Override
    public List<Buffer> reads() {
        return reads;
    }

    @Override
    public List<Buffer> writes() {
        return writes;
    }

    @Override
    public Object channel() {
        return communicator;
    }

    @Override
    public boolean copies() {
        return false;
    }

    @Override
    public int numCalls() {
        return 1;
    }

    @Override
    public void enqueue(CommunicationStream stream) {
        stream.calls().enqueue(this);
    }

    /** For example {@code collective on data}. */
    @Override
    public String toString() {
        return "collective on " + communicator.axis();
    }

    @Override
    public void run() {
        run.run();
    }

    @Override
    public void start() {
        pending = start.get();
    }

    @Override
    public void finish() {
        PendingCall started = pending;
        if (started == null) {
            throw new IllegalStateException(
                    "collective is not under way: axis=" + communicator.axis() + ". Start it before it is finished.");
        }
        // Failed or not, it has ended.
        pending = null;
        started.await();
        endedNanos = started.endedNanos();
    }

    @Override
    public long endedNanos() {
        return endedNanos;
    }

    @Override
    public String axis() {
        return communicator.axis();
    }
}
