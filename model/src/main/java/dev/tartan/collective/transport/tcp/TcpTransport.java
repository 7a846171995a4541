package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.FrameDescriptor;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A group of ranks joined by TCP; see the package for who may touch what.
 *
 * <p>A waiting rank polls its sockets for {@link TcpOptions#spin} and then sleeps in a selector: waking costs some 10
 * us more than polling, but a rank that polls for long takes the processor from those it waits for. Between polls it
 * yields: the kernel likes to put a process on the processor of the one that wrote to it, and there two ranks that spun
 * without yielding would answer each other after 120 us instead of 17 us.
 */
public final class TcpTransport implements Transport {
    private static final long MAX_SLEEP_MILLIS = 1000;
    /** How long a closed data connection waits for the peer's last words on the control connection. */
    private static final long LAST_WORDS_NANOS = Duration.ofMillis(300).toNanos();

    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();

    private final TcpEndpoint endpoint;
    private final TcpGroup group;
    private final TcpOptions options;
    private final RollCall rollCall;
    private final Members members;
    private final Selector selector;
    private final @Nullable Watcher watcher;
    private final @Nullable TcpLink[] links;
    private final long spinNanos;
    private final long callTimeoutNanos;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean inCall;
    private long events;

    private TcpTransport(TcpEndpoint endpoint, TcpGroup group, JobSecret secret, TcpOptions options)
            throws IOException {
        this.endpoint = endpoint;
        this.group = group;
        this.options = options;
        this.links = new TcpLink[group.numRanks()];
        this.members = new Members(group);
        this.selector = Selector.open();
        this.rollCall = new RollCall(group.axis(), group.rank(), group.meshRanks(), this::wakeAll);
        boolean ownProcessor = group.ranksOnHost() <= Runtime.getRuntime().availableProcessors();
        this.spinNanos = ownProcessor ? options.spin().toNanos() : 0;
        this.callTimeoutNanos = options.callTimeout().toNanos();
        this.watcher = group.numRanks() == 1 ? null : new Watcher(endpoint, group, secret, options, rollCall, members);
    }

    /**
     * Joins the group; returns when this rank is connected to all others. Takes over the endpoint.
     *
     * @throws CollectiveException with reason CONNECT if a rank does not come in time, or does not hold the secret
     */
    public static TcpTransport connect(TcpEndpoint endpoint, TcpGroup group, JobSecret secret, TcpOptions options) {
        try {
            TcpTransport transport = new TcpTransport(endpoint, group, secret, options);
            transport.join();
            return transport;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void join() throws IOException {
        if (watcher == null) {
            return;
        }
        long startNanos = System.nanoTime();
        boolean joined = false;
        String problem = null;
        watcher.start();
        try {
            joined = members.await(startNanos + options.connectTimeout().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "The thread of rank " + rollCall.name(rank()) + " was interrupted";
        }
        if (!joined) {
            CollectiveException failure = new CollectiveException(
                    Reason.CONNECT,
                    problem == null ? members.explain() : problem,
                    CollectiveOp.BARRIER,
                    group.axis(),
                    "connect",
                    0,
                    rollCall.name(rank()),
                    members.missing(),
                    Duration.ofNanos(System.nanoTime() - startNanos),
                    null);
            close();
            throw failure;
        }
        for (int peer = 0; peer < links.length; peer++) {
            if (peer != rank()) {
                links[peer] = new TcpLink(members.data(peer), selector, peer);
            }
        }
    }

    @Override
    public int rank() {
        return group.rank();
    }

    @Override
    public int numRanks() {
        return group.numRanks();
    }

    @Override
    public String axis() {
        return group.axis();
    }

    @Override
    public Link link(int peer) {
        TcpLink link = links[peer];
        if (link == null) {
            throw new IllegalArgumentException(
                    "rank has no link to itself: rank=" + peer + ". Send to another rank of the group.");
        }
        return link;
    }

    /** Number of connections dropped because they did not prove themselves. */
    public int strangers() {
        return members.strangers();
    }

    @Override
    public void begin(CollectiveCall call) {
        if (closed.get()) {
            throw new IllegalStateException("transport is closed: axis=" + axis() + ", rank=" + rollCall.name(rank())
                    + ", call=" + call.describe() + ". Connect a new one.");
        }
        inCall = true;
        long sequence = rollCall.begin(call);
        long fingerprint = FrameDescriptor.fingerprint(call);
        for (TcpLink link : links) {
            if (link != null) {
                link.begin(sequence, fingerprint);
            }
        }
        checkAlive();
    }

    @Override
    public long events() {
        return events;
    }

    @Override
    public void awaitEvent(long seen) {
        poll();
        long sinceNanos = 0;
        while (events == seen) {
            checkAlive();
            long nowNanos = System.nanoTime();
            long leftNanos = callTimeoutNanos - (nowNanos - rollCall.startNanos());
            if (leftNanos <= 0) {
                fail(
                        Reason.TIMEOUT,
                        "Rank " + rollCall.name(rank()) + " waited beyond timeoutMillis="
                                + options.callTimeout().toMillis(),
                        null);
            }
            sinceNanos = sinceNanos == 0 ? nowNanos : sinceNanos;
            if (nowNanos - sinceNanos < spinNanos) {
                Thread.yield();
            } else {
                sleep(leftNanos);
            }
            poll();
        }
    }

    private void poll() {
        for (TcpLink link : links) {
            if (link == null || link.isIdle()) {
                continue;
            }
            try {
                events += link.write();
                events += link.read();
            } catch (TcpLink.UnexpectedMessageException e) {
                fail(Reason.MISMATCH, "Rank " + rollCall.name(link.peer()) + " " + e.getMessage(), null);
            } catch (ClosedChannelException e) {
                failClosed(e);
            } catch (IOException e) {
                lose(link.peer(), e);
            }
        }
    }

    private void sleep(long leftNanos) {
        try {
            for (TcpLink link : links) {
                if (link != null) {
                    link.updateInterest();
                }
            }
            selector.select(TcpTransport::ignore, Math.max(1, Math.min(MAX_SLEEP_MILLIS, leftNanos / 1_000_000)));
        } catch (CancelledKeyException | ClosedSelectorException e) {
            failClosed(e);
        } catch (IOException e) {
            fail(Reason.ABORTED, "The selector of rank " + rollCall.name(rank()) + " broke: " + e, e);
        }
    }

    /** Which sockets are ready is found out by trying. */
    private static void ignore(SelectionKey key) {}

    private void checkAlive() {
        if (rollCall.failure() != null) {
            throw rollCall.exception();
        }
        if (Thread.currentThread().isInterrupted()) {
            fail(Reason.INTERRUPTED, "The thread of rank " + rollCall.name(rank()) + " was interrupted", null);
        }
    }

    private void lose(int peer, IOException cause) {
        long startNanos = System.nanoTime();
        while (rollCall.failure() == null
                && !Thread.currentThread().isInterrupted()
                && System.nanoTime() - startNanos < LAST_WORDS_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        checkAlive();
        rollCall.lost(peer, group.peers().get(peer).describe() + " is gone: " + cause.getMessage(), cause);
        throw rollCall.exception();
    }

    private void failClosed(Exception cause) {
        fail(Reason.ABORTED, closedWithinCall(), cause);
    }

    private String closedWithinCall() {
        return "Rank " + rollCall.name(rank()) + " closed its transport within a call";
    }

    private void fail(Reason reason, String what, @Nullable Throwable cause) {
        rollCall.fail(reason, rollCall.sequence(), what, cause);
        throw rollCall.exception();
    }

    private void wakeAll() {
        selector.wakeup();
        if (watcher != null) {
            watcher.wakeup();
        }
    }

    @Override
    public void end() {
        for (TcpLink link : links) {
            if (link != null && !link.isIdle()) {
                throw new IllegalStateException("call ended with messages under way: peer=" + link.peer()
                        + ". An algorithm must await all it queues.");
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
        Channels.closeQuietly(selector);
        members.closeData();
        if (watcher == null) {
            endpoint.close();
        } else {
            watcher.close();
        }
    }
}
