package dev.tartan.backend.host;

import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.TimedEvent;
import org.jspecify.annotations.Nullable;

/** A point in a {@link HostStream}. */
public class HostEvent implements Event {
    private @Nullable HostStream stream;
    private long tasks;

    void recorded(HostStream in, long begun) {
        stream = in;
        tasks = begun;
    }

    @Override
    public final void synchronize() {
        HostStream in = stream;
        if (in != null) {
            in.finish(tasks);
        }
    }

    @Override
    public final boolean isDone() {
        HostStream in = stream;
        return in == null || in.hasEnded(tasks);
    }

    /**
     * One that tells when the stream came to it: when the calling thread recorded it, or the task before it ended, if
     * that was later.
     */
    public static final class Timed extends HostEvent implements TimedEvent {
        private @Nullable HostTask before;
        private long nanos;

        @Override
        void recorded(HostStream in, long begun) {
            super.recorded(in, begun);
            before = in.lastUnderWay();
            nanos = System.nanoTime();
        }

        private long nanos() {
            return before == null ? nanos : Math.max(nanos, before.endedNanos());
        }

        @Override
        public long nanosSince(TimedEvent earlier) {
            return nanos() - ((Timed) earlier).nanos();
        }
    }
}
