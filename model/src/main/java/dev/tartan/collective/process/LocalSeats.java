package dev.tartan.collective.process;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.local.LocalLink;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Where ranks of one process meet to be linked: whoever comes second makes both ends. Thread-safe. */
final class LocalSeats {
    private static final long POLL_MILLIS = 50;

    private final Map<Pair, Seat> waiting = new HashMap<>();

    /** Two ranks of a group, the lower one first. */
    private record Pair(long group, int low, int high) {}

    private static final class Seat {
        private final Selector selector;
        private final Combiner combiner;
        private @Nullable MessageLink link;

        Seat(Selector selector, Combiner combiner) {
            this.selector = selector;
            this.combiner = combiner;
        }
    }

    /**
     * Links a rank to another of this process, once both have called.
     *
     * @param hasEnded whether waiting is of no use any more
     * @return null if the other does not call before the deadline
     */
    synchronized @Nullable MessageLink meet(
            long group,
            int rank,
            int peer,
            Selector selector,
            Combiner combiner,
            BooleanSupplier hasEnded,
            long deadlineNanos)
            throws InterruptedException {
        Pair pair = new Pair(group, Math.min(rank, peer), Math.max(rank, peer));
        Seat first = waiting.remove(pair);
        if (first != null) {
            LocalLink[] ends = LocalLink.pair(
                    peer, rank, new Selector[] {first.selector, selector}, new Combiner[] {first.combiner, combiner});
            first.link = ends[0];
            notifyAll();
            return ends[1];
        }
        Seat own = new Seat(selector, combiner);
        waiting.put(pair, own);
        while (own.link == null) {
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (millis <= 0 || hasEnded.getAsBoolean()) {
                waiting.remove(pair, own);
                return null;
            }
            wait(Math.min(millis, POLL_MILLIS));
        }
        return own.link;
    }
}
