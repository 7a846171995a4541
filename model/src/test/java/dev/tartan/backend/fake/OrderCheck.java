package dev.tartan.backend.fake;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Vector clocks of a device's streams: says whether two accesses of the same bytes, one of them a write, are put in
 * order by stream order, events and waits of the host, whatever order they are really done in. Calls on one channel
 * must be in order too.
 *
 * <p>A stream's clock holds, for each stream, how much of its work is done before what is enqueued next.
 */
public final class OrderCheck {
    private final List<Access> accesses = new ArrayList<>();
    private long[] host = new long[0];

    /** Bytes of memory. */
    public record Range(long from, long to) {
        boolean overlaps(Range other) {
            return from < other.to && other.from < to;
        }
    }

    /** What some work touches. */
    public record Use(
            String what,
            List<Range> reads,
            List<Range> writes,
            @Nullable Object channel) {
        private @Nullable String conflict(Use later) {
            if (channel != null && channel == later.channel) {
                return "uses the channel of";
            }
            if (overlap(writes, later.writes)) {
                return "writes what is written by";
            }
            if (overlap(writes, later.reads)) {
                return "reads what is written by";
            }
            return overlap(reads, later.writes) ? "writes what is read by" : null;
        }

        private static boolean overlap(List<Range> some, List<Range> others) {
            return some.stream().anyMatch(one -> others.stream().anyMatch(one::overlaps));
        }
    }

    private record Access(Use use, int stream, long tick) {}

    /** The clock of a stream, or what an event has seen of it. */
    public static final class Clock {
        private long[] ticks = new long[0];

        private long of(int stream) {
            return at(ticks, stream);
        }

        private void join(long[] other) {
            ticks = Arrays.copyOf(ticks, Math.max(ticks.length, other.length));
            for (int i = 0; i < other.length; i++) {
                ticks[i] = Math.max(ticks[i], other[i]);
            }
        }

        private void tick(int stream) {
            ticks = Arrays.copyOf(ticks, Math.max(ticks.length, stream + 1));
            ticks[stream]++;
        }

        /** Lets what comes now see all that another has seen. */
        public void join(Clock other) {
            join(other.ticks);
        }

        public void set(Clock other) {
            ticks = other.ticks.clone();
        }
    }

    private static long at(long[] ticks, int stream) {
        return stream < ticks.length ? ticks[stream] : 0;
    }

    /** Work is enqueued on a stream. */
    public void enqueue(int stream, Clock clock, Use use) {
        // The host has enqueued it, after all that it has waited for.
        clock.join(host);
        for (Access before : accesses) {
            String conflict = before.use.conflict(use);
            if (conflict != null && before.stream != stream && clock.of(before.stream) < before.tick) {
                throw unordered(use.what + " on stream " + stream, conflict, before);
            }
        }
        clock.tick(stream);
        accesses.add(new Access(use, stream, clock.of(stream)));
    }

    /** The host reads or writes by itself. */
    public void byHost(Use use) {
        for (Access before : accesses) {
            String conflict = before.use.conflict(use);
            if (conflict != null && at(host, before.stream) < before.tick) {
                throw unordered(use.what + " by the host", conflict, before);
            }
        }
    }

    private static IllegalStateException unordered(String now, String conflict, Access before) {
        return new IllegalStateException(
                "unordered: " + now + " " + conflict + " " + before.use.what + " on stream " + before.stream);
    }

    /** The host has waited for what a clock has seen. */
    public void waited(Clock clock) {
        Clock joined = new Clock();
        joined.join(host);
        joined.join(clock);
        host = joined.ticks;
        // Whatever is enqueued from now on comes after it.
        accesses.removeIf(access -> at(host, access.stream) >= access.tick);
    }
}
