package dev.tartan.collective.transport.local;

import dev.tartan.collective.transport.Link;
import java.nio.channels.Selector;

/**
 * One direction between two ranks of a process: the sender posts where its messages are, the receiver takes them from
 * there. One thread posts, one takes.
 *
 * <p>Each side sleeps in its own selector and says so before it looks a last time; the other side looks for that after
 * each change, so that no change is slept through.
 */
final class LocalPipe {
    private static final int MASK = Link.QUEUE - 1;

    private final long[] addresses = new long[Link.QUEUE];
    private final long[] lengths = new long[Link.QUEUE];
    private final long[] sequences = new long[Link.QUEUE];
    private final long[] fingerprints = new long[Link.QUEUE];
    private final Sleeper sender;
    private final Sleeper receiver;

    /** Messages posted so far; written by the sender. */
    private volatile long posted;

    /** Messages taken so far; written by the receiver. */
    private volatile long taken;

    private volatile boolean withdrawn;
    private volatile boolean touching;

    LocalPipe(Sleeper sender, Sleeper receiver) {
        this.sender = sender;
        this.receiver = receiver;
    }

    /** Wakes a rank that sleeps in its selector. */
    static final class Sleeper {
        private final Selector selector;
        private volatile boolean asleep;

        Sleeper(Selector selector) {
            this.selector = selector;
        }

        void setAsleep(boolean value) {
            asleep = value;
        }

        void wake() {
            if (asleep) {
                selector.wakeup();
            }
        }
    }

    boolean hasRoom() {
        return posted - taken < Link.QUEUE;
    }

    void post(long address, long bytes, long sequence, long fingerprint) {
        int place = (int) posted & MASK;
        addresses[place] = address;
        lengths[place] = bytes;
        sequences[place] = sequence;
        fingerprints[place] = fingerprint;
        // Only this thread writes it.
        long next = posted + 1;
        posted = next;
        receiver.wake();
    }

    long posted() {
        return posted;
    }

    long taken() {
        return taken;
    }

    boolean hasMessage() {
        return taken < posted;
    }

    long address() {
        return addresses[(int) taken & MASK];
    }

    long bytes() {
        return lengths[(int) taken & MASK];
    }

    long sequence() {
        return sequences[(int) taken & MASK];
    }

    long fingerprint() {
        return fingerprints[(int) taken & MASK];
    }

    /** Claims the sender's memory for a moment; says whether it may still be read. */
    boolean touch() {
        touching = true;
        if (withdrawn) {
            touching = false;
            return false;
        }
        return true;
    }

    void release() {
        touching = false;
    }

    void take() {
        long next = taken + 1;
        taken = next;
        sender.wake();
    }

    /** Whether the sender will post nothing more. */
    boolean isWithdrawn() {
        return withdrawn;
    }

    /** Called by the sender: from now on its memory is not read; waits while it is. */
    void withdraw() {
        withdrawn = true;
        receiver.wake();
        while (touching) {
            Thread.yield();
        }
    }
}
