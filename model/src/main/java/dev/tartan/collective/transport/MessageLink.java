package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.reduce.Combiner;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A link as a {@link LinkedTransport} drives it: the two queues, and how their messages get on. For the rank's own
 * thread, except {@link #close}.
 */
public abstract class MessageLink implements Link {
    private final int peer;
    private final Combiner combiner;
    private final MessageQueue sends = new MessageQueue();
    private final MessageQueue receives = new MessageQueue();
    private @Nullable CollectiveCall call;
    private long sequence;
    private long fingerprint;

    /** Makes a link to the rank of that index in the group. */
    protected MessageLink(int peer, Combiner combiner) {
        this.peer = peer;
        this.combiner = combiner;
    }

    /** The rank at the other end, as an index in the group. */
    public final int peer() {
        return peer;
    }

    /** For example {@code tcp}; used in reports. Null while the link is not open; callable from any thread. */
    public abstract @Nullable String kind();

    /** The link to use from the next call on, if another takes this one's place. */
    public MessageLink settled() {
        return this;
    }

    /** What is to be sent. */
    protected MessageQueue sends() {
        return sends;
    }

    /** What is to be received. */
    protected MessageQueue receives() {
        return receives;
    }

    /** Readies the link for a call; both queues are idle. */
    public void begin(CollectiveCall next, long callSequence, long callFingerprint) {
        call = next;
        sequence = callSequence;
        fingerprint = callFingerprint;
        sends.reset();
        receives.reset();
    }

    /** Number of the call. */
    protected final long sequence() {
        return sequence;
    }

    /** What tells the call from others. */
    protected final long fingerprint() {
        return fingerprint;
    }

    /**
     * Copies bytes of the first message to be received to where it was posted, or combines them as the call says.
     *
     * @param from where they are
     * @param done bytes of the message before them
     */
    protected final void deliver(long from, long done, long bytes) {
        long to = receives.address() + done;
        CollectiveCall current = call;
        if (receives.combines() && current != null) {
            combiner.combine(current.type(), current.reduce(), from, receives.operand() + done, to, bytes);
        } else {
            NativeMemory.copy(from, to, bytes);
        }
    }

    /**
     * Moves what can be moved without waiting; returns the number of messages completed, and one more if the last bytes
     * have left a buffer of the link's own.
     *
     * @throws UnexpectedMessageException if the peer sent another message than the one expected
     * @throws IOException if the peer cannot be reached any more
     */
    public abstract int advance() throws IOException;

    /** Whether the latest {@link #advance} moved anything. */
    public abstract boolean moved();

    /** Whether messages of the call are not complete. */
    public boolean hasQueued() {
        return !sends.isIdle() || !receives.isIdle();
    }

    /** Whether nothing is under way, in either direction. */
    public boolean isIdle() {
        return sends.isIdle() && receives.isIdle();
    }

    /**
     * Sees to it that the selector, with which the link was made, wakes when the link can get on. Returns whether it
     * cannot get on now already.
     */
    public abstract boolean prepareSleep() throws IOException;

    /** Undoes {@link #prepareSleep}, if it was called since. */
    public abstract void endSleep() throws IOException;

    /** Gives up messages under way; when it returns, no other thread touches their memory. */
    public abstract void withdraw();

    /** Frees what the link holds. Callable from any thread, and more than once. */
    public abstract void close();

    @Override
    public boolean canSend() {
        return sends().hasRoom();
    }

    @Override
    public void send(long address, long bytes) {
        sends().add(address, bytes);
    }

    @Override
    public boolean canReceive() {
        return receives().hasRoom();
    }

    @Override
    public void receive(long address, long bytes) {
        receives().add(address, bytes);
    }

    @Override
    public void receiveCombined(long with, long to, long bytes) {
        receives().add(to, with, bytes);
    }

    @Override
    public long sent() {
        return sends().completed();
    }

    @Override
    public long received() {
        return receives().completed();
    }
}
