package dev.tartan.collective.process;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.local.LocalLink;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where ranks of one process are linked: whoever first uses a link makes both of its ends, and the other finds its own
 * here. Thread-safe.
 */
final class LocalSeats {
    private final Map<Seat, Occupant> seats = new HashMap<>();
    private final Map<End, MessageLink> waiting = new HashMap<>();

    /** A rank of a group. */
    private record Seat(long group, int rank) {}

    /** A rank's end of the link to a peer. */
    private record End(Seat seat, int peer) {}

    /** What a rank's links are made with. */
    private record Occupant(Selector selector, Combiner combiner) {}

    /** A rank comes to its group, before any of its peers uses a link. */
    synchronized void sit(long group, int rank, Selector selector, Combiner combiner) {
        seats.put(new Seat(group, rank), new Occupant(selector, combiner));
    }

    /** A rank leaves its group; who has begun to use a link to it finds out. */
    synchronized void leave(long group, int rank) {
        Seat seat = new Seat(group, rank);
        seats.remove(seat);
        for (Iterator<Map.Entry<End, MessageLink>> all = waiting.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<End, MessageLink> each = all.next();
            if (each.getKey().seat().equals(seat)) {
                each.getValue().close();
                all.remove();
            }
        }
    }

    /**
     * A rank's end of the link to another rank of this process.
     *
     * @throws IOException if the other has left, and had not used the link
     */
    synchronized MessageLink link(long group, int rank, int peer) throws IOException {
        Seat own = new Seat(group, rank);
        Seat other = new Seat(group, peer);
        @Nullable MessageLink made = waiting.remove(new End(own, peer));
        if (made != null) {
            return made;
        }
        Occupant here = seats.get(own);
        Occupant there = seats.get(other);
        if (here == null || there == null) {
            throw new EOFException("left the group");
        }
        LocalLink[] ends =
                LocalLink.pair(rank, peer, new Selector[] {here.selector(), there.selector()}, new Combiner[] {
                    here.combiner(), there.combiner()
                });
        waiting.put(new End(other, rank), ends[1]);
        return ends[0];
    }
}
