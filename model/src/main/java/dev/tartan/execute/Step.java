package dev.tartan.execute;

import dev.tartan.backend.Device;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Stream;
import dev.tartan.backend.TimedEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One thing that a rank enqueues in each run, bound. */
abstract sealed class Step {
    private final String label;
    private final @Nullable Times exposure;

    private Step(String label, @Nullable Times exposure) {
        this.label = label;
        this.exposure = exposure;
    }

    /** When a stream comes to something, and when it is past it. */
    record Times(TimedEvent before, TimedEvent after) {
        static Times on(Device device) {
            return new Times(device.timedEvent(), device.timedEvent());
        }
    }

    /** How it is called in a profile. */
    final String label() {
        return label;
    }

    /** Enqueues it, on the stream for computing unless it has one of its own. */
    final void enqueue(Stream compute) {
        if (exposure == null) {
            enqueueWork(compute);
            return;
        }
        compute.record(exposure.before());
        enqueueWork(compute);
        compute.record(exposure.after());
    }

    abstract void enqueueWork(Stream compute);

    /** Whether it was enqueued, and computing has not come past it. */
    final boolean isUnderWay() {
        return exposure != null && !exposure.after().isDone();
    }

    /** How long computing waited for it in the last run, which must be done; 0 if it is no collective. */
    final long exposedNanos() {
        return exposure == null ? 0 : exposure.after().nanosSince(exposure.before());
    }

    /** Frees what it holds; it must be done. */
    void close() {}

    @Override
    public String toString() {
        return label;
    }

    /** A kernel or copy. */
    static final class Local extends Step {
        private final Kernel kernel;
        private final MemoryUse use;

        Local(String label, Kernel kernel, MemoryUse use) {
            super(label, null);
            this.kernel = kernel;
            this.use = use;
        }

        MemoryUse use() {
            return use;
        }

        Kernel kernel() {
            return kernel;
        }

        @Override
        void enqueueWork(Stream compute) {
            kernel.enqueue(compute);
        }

        @Override
        void close() {
            kernel.close();
        }
    }

    /** Lets what is computed from now on wait for collectives that were started. */
    static final class Join extends Step {
        private final List<Started> waits = new ArrayList<>();

        Join(String label, @Nullable Times exposure) {
            super(label, exposure);
        }

        /** Adds one to wait for, and so for all before it on its stream. */
        void add(Started started) {
            waits.add(started);
            started.isJoined = true;
        }

        /** Whether there is nothing to wait for. */
        boolean isEmpty() {
            return waits.isEmpty();
        }

        /** For example {@code await [all_reduce, all_gather]}. */
        @Override
        public String toString() {
            return label() + " " + waits.stream().map(Started::label).toList();
        }

        @Override
        void enqueueWork(Stream compute) {
            for (int i = 0; i < waits.size(); i++) {
                waits.get(i).join(compute);
            }
        }
    }

    /** A collective that what comes after it waits for. */
    static final class Blocking extends Step {
        private final HostTask task;
        private final MemoryUse use;
        private final Join before = new Join("", null);

        Blocking(String label, HostTask task, Times exposure) {
            super(label, exposure);
            this.task = task;
            this.use = new MemoryUse(task.reads(), task.writes(), task.channel());
        }

        MemoryUse use() {
            return use;
        }

        /** What its communicator must have done before; filled by {@link OrderStreams}. */
        Join before() {
            return before;
        }

        @Override
        public String toString() {
            return before.isEmpty() ? label() : label() + " after" + before;
        }

        @Override
        void enqueueWork(Stream compute) {
            before.enqueueWork(compute);
            compute.enqueue(task);
        }
    }

    /** A collective that runs on its communicator's streams while others are computed, until it is joined. */
    static final class Started extends Step {
        private final CollectiveWork work;
        private final MemoryUse use;
        private final CommunicationStream stream;
        private final Event ready;
        private final Event done;
        private boolean needsReady;
        private boolean isJoined;
        private long ordinal;
        private @Nullable Times times;

        Started(
                String label,
                CollectiveWork work,
                CommunicationStream stream,
                Event ready,
                Event done,
                Times exposure) {
            super(label, exposure);
            this.work = work;
            this.use = new MemoryUse(work.reads(), work.writes(), work.channel());
            this.stream = stream;
            this.ready = ready;
            this.done = done;
        }

        MemoryUse use() {
            return use;
        }

        CommunicationStream stream() {
            return stream;
        }

        /** Whether the order of its stream is not enough to begin it after another that is on it too. */
        boolean isAheadOf(Started earlier) {
            return (work.copies() || earlier.work.copies()) && use.overlaps(earlier.use);
        }

        /** Says that it must wait for what was computed before it; it does not unless that is said. */
        void needReady() {
            needsReady = true;
        }

        /** For example {@code all_reduce when ready}. */
        @Override
        public String toString() {
            return needsReady ? label() + " when ready" : label();
        }

        /** The axes that the collective goes along. */
        String axis() {
            return work.axis();
        }

        /** As {@link #enqueue}, timing the collective on its stream as well. */
        void enqueue(Stream compute, Times onStream) {
            times = onStream;
            try {
                enqueue(compute);
            } finally {
                times = null;
            }
        }

        @Override
        void enqueueWork(Stream compute) {
            if (needsReady) {
                compute.record(ready);
                stream.toHost().await(ready);
            }
            if (times != null) {
                stream.toHost().record(times.before());
            }
            // From here on something may be under way, also if it cannot all be enqueued.
            ordinal = stream.begin(work.numCalls());
            work.enqueue(stream);
            if (times != null) {
                stream.toDevice().record(times.after());
            }
            if (isJoined) {
                stream.toDevice().record(done);
            }
        }

        private void join(Stream compute) {
            try {
                compute.await(done);
            } catch (RuntimeException | Error e) {
                stream.joinFailed();
                throw e;
            }
            stream.join(ordinal);
        }
    }
}
