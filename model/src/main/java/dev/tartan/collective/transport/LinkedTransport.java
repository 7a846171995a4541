package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The transport of a rank whose links may be of different kinds: to ranks of its own process, of its host, of others. A
 * link is made when a call first uses it, so there are as many as the algorithms need.
 *
 * <p>A waiting rank polls its links for {@link WaitPolicy#spin} and then sleeps in a selector: waking costs some 10 us
 * more than polling, but a rank that polls for long takes the processor from those it waits for. Between polls it
 * yields: the kernel likes to put a process on the processor of the one that wrote to it, and there two ranks that spun
 * without yielding would answer each other after 50 to 120 us instead of 2 to 17 us.
 */
public final class LinkedTransport implements Transport {
    /** Set in the numbers of calls between two ranks, which are counted apart from those of the group. */
    private static final long POINT_TO_POINT = 1L << 62;

    private static final long MAX_SLEEP_MILLIS = 1000;
    /** How long a broken link waits for the peer's last words, which go another way. */
    private static final long LAST_WORDS_NANOS = Duration.ofMillis(300).toNanos();

    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();

    private final RollCall rollCall;
    private final RankGroup group;
    private final Selector selector;
    private final long timeoutNanos;
    private final long spinNanos;
    private final LinkSet links;
    private final long[] sentTo;
    private final long[] receivedFrom;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean inCall;
    private long events;

    /**
     * Takes over the selector and the links made with it.
     *
     * @param opener makes links for the selector
     * @param onClose run once, after the links are closed
     */
    public LinkedTransport(
            RollCall rollCall, Selector selector, LinkOpener opener, WaitPolicy waiting, Runnable onClose) {
        this.rollCall = rollCall;
        this.group = rollCall.group();
        this.selector = selector;
        this.links = new LinkSet(group.numRanks(), opener);
        this.timeoutNanos = waiting.timeout().toNanos();
        this.spinNanos = waiting.spin().toNanos();
        this.onClose = onClose;
        this.sentTo = new long[group.numRanks()];
        this.receivedFrom = new long[group.numRanks()];
    }

    /** Makes a selector. */
    public static Selector openSelector() {
        try {
            return Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int rank() {
        return rollCall.rank();
    }

    @Override
    public RankGroup group() {
        return group;
    }

    @Override
    public Link link(int peer) {
        if (peer == rank()) {
            throw new IllegalArgumentException(
                    "rank has no link to itself: rank=" + peer + ". Send to another rank of the group.");
        }
        try {
            return links.use(peer);
        } catch (IOException e) {
            throw lost(peer, e);
        }
    }

    @Override
    public Map<String, Integer> linkKinds() {
        return links.kinds();
    }

    @Override
    public void begin(CollectiveCall call) {
        if (closed.get()) {
            throw new IllegalStateException("transport is closed: axis=" + axis() + ", rank=" + rollCall.name(rank())
                    + ", call=" + call.describe() + ". Connect a new one.");
        }
        inCall = true;
        long fingerprint = FrameDescriptor.fingerprint(call);
        if (call.isPointToPoint()) {
            boolean sends = call.op() == CollectiveOp.SEND;
            long number = sends ? ++sentTo[call.root()] : ++receivedFrom[call.root()];
            rollCall.beginPointToPoint(call, number);
            links.begin(call, POINT_TO_POINT | number, fingerprint);
        } else {
            links.begin(call, rollCall.begin(call), fingerprint);
        }
        checkAlive();
    }

    @Override
    public long events() {
        return events;
    }

    @Override
    public void awaitEvent(long seen) {
        long sinceNanos = 0;
        while (true) {
            boolean moved = poll();
            if (events != seen) {
                return;
            }
            checkAlive();
            long nowNanos = System.nanoTime();
            long leftNanos = timeoutNanos - (nowNanos - rollCall.startNanos());
            if (leftNanos <= 0) {
                fail(
                        Reason.TIMEOUT,
                        "Rank " + rollCall.name(rank()) + " waited beyond timeoutMillis=" + timeoutNanos / 1_000_000,
                        null);
            }
            if (moved || sinceNanos == 0) {
                sinceNanos = nowNanos;
            }
            if (moved) {
                Thread.onSpinWait();
            } else if (nowNanos - sinceNanos < spinNanos) {
                Thread.yield();
            } else {
                sleep(leftNanos);
            }
        }
    }

    /** Returns whether anything moved. */
    private boolean poll() {
        boolean moved = false;
        for (int i = 0; i < links.numUsed(); i++) {
            MessageLink link = links.used(i);
            if (link.isIdle()) {
                continue;
            }
            try {
                events += link.advance();
                moved |= link.moved();
            } catch (UnexpectedMessageException e) {
                // The earlier of the two calls is the one they disagree on.
                rollCall.fail(
                        Reason.MISMATCH,
                        Math.min(rollCall.sequence(), e.sequence()),
                        "Rank " + rollCall.name(link.peer()) + " " + e.getMessage(),
                        null);
                throw exception();
            } catch (NotConnectedException e) {
                String what = "Rank " + rollCall.name(link.peer()) + " did not connect: " + e.getMessage();
                fail(Reason.CONNECT, what, e);
            } catch (ClosedChannelException e) {
                failClosed(e);
            } catch (IOException e) {
                throw lost(link.peer(), e);
            } catch (IllegalArgumentException e) {
                links.withdraw();
                throw e;
            }
        }
        return moved;
    }

    private void sleep(long leftNanos) {
        boolean quiet = true;
        // Those that the call does not use must not wake the rank.
        for (int i = 0; i < links.numMade(); i++) {
            quiet &= prepareSleep(links.made(i));
        }
        if (quiet && rollCall.failure() == null) {
            try {
                selector.select(
                        LinkedTransport::ignore, Math.max(1, Math.min(MAX_SLEEP_MILLIS, leftNanos / 1_000_000)));
            } catch (CancelledKeyException | ClosedSelectorException e) {
                failClosed(e);
            } catch (IOException e) {
                fail(Reason.ABORTED, "Rank " + rollCall.name(rank()) + " cannot wait any more: " + e, e);
            }
        }
        for (int i = 0; i < links.numMade(); i++) {
            endSleep(links.made(i));
        }
    }

    private boolean prepareSleep(MessageLink link) {
        try {
            return link.prepareSleep();
        } catch (CancelledKeyException | ClosedChannelException e) {
            failClosed(e);
        } catch (IOException e) {
            throw lost(link.peer(), e);
        }
        return false;
    }

    private void endSleep(MessageLink link) {
        try {
            link.endSleep();
        } catch (CancelledKeyException | ClosedChannelException e) {
            failClosed(e);
        } catch (IOException e) {
            throw lost(link.peer(), e);
        }
    }

    /** What is ready is found out by trying. */
    private static void ignore(SelectionKey key) {}

    private void checkAlive() {
        if (rollCall.failure() != null) {
            throw exception();
        }
        if (Thread.currentThread().isInterrupted()) {
            fail(Reason.INTERRUPTED, "The thread of rank " + rollCall.name(rank()) + " was interrupted", null);
        }
    }

    private CollectiveException lost(int peer, IOException cause) {
        long startNanos = System.nanoTime();
        while (rollCall.failure() == null
                && !Thread.currentThread().isInterrupted()
                && System.nanoTime() - startNanos < LAST_WORDS_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        checkAlive();
        rollCall.lost(peer, "Rank " + rollCall.name(peer) + " is gone: " + cause.getMessage(), cause);
        return exception();
    }

    private void failClosed(Exception cause) {
        fail(Reason.ABORTED, closedWithinCall(), cause);
    }

    private String closedWithinCall() {
        return "Rank " + rollCall.name(rank()) + " closed its transport within a call";
    }

    private void fail(Reason reason, String what, @Nullable Throwable cause) {
        rollCall.fail(reason, rollCall.sequence(), what, cause);
        throw exception();
    }

    /** Once it is thrown, the caller may free the memory of its call. */
    private CollectiveException exception() {
        links.withdraw();
        return rollCall.exception();
    }

    @Override
    public void end() {
        for (int i = 0; i < links.numUsed(); i++) {
            MessageLink link = links.used(i);
            if (link.hasQueued()) {
                throw new IllegalStateException("call ended with messages under way: peer=" + link.peer()
                        + ". An algorithm must await all it queues.");
            }
            // What was sent may still be on its way out of a buffer of the link's own.
            while (!link.isIdle()) {
                awaitEvent(events);
            }
        }
        inCall = false;
    }

    @Override
    public void abort(Throwable cause) {
        rollCall.fail(
                Reason.ABORTED,
                rollCall.sequence(),
                "Rank " + rollCall.name(rank()) + " cannot go on: " + cause,
                cause);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (inCall) {
            rollCall.fail(Reason.ABORTED, rollCall.sequence(), closedWithinCall(), null);
        }
        links.close();
        try {
            selector.close();
        } catch (IOException ignored) {
            // It is gone, which was the point.
        }
        onClose.run();
    }
}
