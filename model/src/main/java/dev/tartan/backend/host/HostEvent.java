package dev.tartan.backend.host;

import dev.tartan.backend.Event;
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

    /** One that tells when the calling thread came to it. */
    public static final class Timed extends HostEvent implements TimedEvent {
        private long nanos;

        @Override
        void recorded(HostStream in, long begun) {
            super.recorded(in, begun);
            nanos = System.nanoTime();
        }

        @Override
        public long nanosSince(TimedEvent earlier) {
            return nanos - ((Timed) earlier).nanos;
        }
    }
}
