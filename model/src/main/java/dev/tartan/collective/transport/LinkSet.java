package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The links a rank has made so far, and among them those that the call under way uses. What a call costs depends on how
 * many it uses, and not on the number of ranks. For the rank's own thread, except {@link #close} and {@link #kinds}.
 */
final class LinkSet {
    private final LinkOpener opener;
    private final @Nullable MessageLink[] byPeer;
    /** By peer: the number of the last call that has used the link. */
    private final long[] usedIn;

    /** Written by the rank's thread, under the lock; others read it under the lock. */
    private final List<MessageLink> made = new ArrayList<>();

    private MessageLink[] used = new MessageLink[Link.QUEUE];
    private int numUsed;
    private @Nullable CollectiveCall call;
    private long number;
    private long sequence;
    private long fingerprint;
    private boolean closed;

    LinkSet(int numRanks, LinkOpener opener) {
        this.opener = opener;
        this.byPeer = new MessageLink[numRanks];
        this.usedIn = new long[numRanks];
    }

    /** From now on links are used for this call. */
    void begin(CollectiveCall next, long callSequence, long callFingerprint) {
        call = next;
        number++;
        sequence = callSequence;
        fingerprint = callFingerprint;
        numUsed = 0;
    }

    /** The link to a peer, made now if it never was, and readied for the call. */
    MessageLink use(int peer) throws IOException {
        MessageLink link = byPeer[peer];
        if (link != null && usedIn[peer] == number) {
            return link;
        }
        CollectiveCall current = call;
        if (current == null) {
            throw new IllegalStateException("link is used outside of a call: peer=" + peer + ". Report this.");
        }
        link = link == null ? make(peer) : settle(link);
        byPeer[peer] = link;
        usedIn[peer] = number;
        if (numUsed == used.length) {
            used = Arrays.copyOf(used, 2 * numUsed);
        }
        used[numUsed++] = link;
        link.begin(current, sequence, fingerprint);
        return link;
    }

    private MessageLink make(int peer) throws IOException {
        MessageLink link = opener.open(peer);
        synchronized (made) {
            made.add(link);
            if (closed) {
                link.close();
            }
        }
        return link;
    }

    private MessageLink settle(MessageLink link) {
        MessageLink settled = link.settled();
        if (settled != link) {
            synchronized (made) {
                made.set(made.indexOf(link), settled);
            }
        }
        return settled;
    }

    /** Number of links that the call uses. */
    int numUsed() {
        return numUsed;
    }

    /** One of those that the call uses. */
    MessageLink used(int index) {
        return used[index];
    }

    /** Number of links made so far. */
    int numMade() {
        return made.size();
    }

    /** One of those made so far. */
    MessageLink made(int index) {
        return made.get(index);
    }

    /** Gives up all messages under way. */
    void withdraw() {
        for (MessageLink link : made) {
            link.withdraw();
        }
    }

    /** How many links of each kind are open. */
    Map<String, Integer> kinds() {
        Map<String, Integer> kinds = new TreeMap<>();
        synchronized (made) {
            for (MessageLink link : made) {
                String kind = link.kind();
                if (kind != null) {
                    kinds.merge(kind, 1, Integer::sum);
                }
            }
        }
        return kinds;
    }

    /** Closes all links, and those that are made later. */
    void close() {
        synchronized (made) {
            closed = true;
            made.forEach(MessageLink::close);
        }
    }
}
