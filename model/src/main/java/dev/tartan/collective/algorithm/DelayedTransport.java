package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.Transport;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A transport that sends each message to another process so much later, as if the network were slow to begin with; for
 * experiments. The thread that runs the call sleeps meanwhile, so messages of one call are late one after the other.
 */
final class DelayedTransport implements Transport {
    private final Transport transport;
    private final long delayNanos;
    private final @Nullable DelayedLink[] links;
    private final int process;

    /** Takes over the transport. */
    DelayedTransport(Transport transport, Duration delay) {
        this.transport = transport;
        this.delayNanos = delay.toNanos();
        this.links = new DelayedLink[transport.numRanks()];
        this.process = transport.group().places().get(transport.rank()).process();
    }

    private final class DelayedLink extends ForwardingLink {
        DelayedLink(Link link) {
            super(link);
        }

        @Override
        public void send(long address, long bytes) {
            sleep();
            super.send(address, bytes);
        }
    }

    /** An interrupt ends it; the next wait for an event then fails. */
    private void sleep() {
        long startNanos = System.nanoTime();
        long leftNanos = delayNanos;
        while (leftNanos > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(this, leftNanos);
            leftNanos = delayNanos - (System.nanoTime() - startNanos);
        }
    }

    @Override
    public int rank() {
        return transport.rank();
    }

    @Override
    public RankGroup group() {
        return transport.group();
    }

    @Override
    public int numRanksOfCall() {
        return transport.numRanksOfCall();
    }

    @Override
    public Link link(int peer) {
        Link link = transport.link(peer);
        if (transport.group().places().get(peer).process() == process) {
            return link;
        }
        DelayedLink delayed = links[peer];
        if (delayed == null) {
            delayed = new DelayedLink(link);
            links[peer] = delayed;
        } else {
            delayed.forwardTo(link);
        }
        return delayed;
    }

    @Override
    public Map<String, Integer> linkKinds() {
        return transport.linkKinds();
    }

    @Override
    public void begin(CollectiveCall call) {
        transport.begin(call);
    }

    @Override
    public long events() {
        return transport.events();
    }

    @Override
    public void awaitEvent(long seen) {
        transport.awaitEvent(seen);
    }

    @Override
    public void end() {
        transport.end();
    }

    @Override
    public void abort(Throwable cause) {
        transport.abort(cause);
    }

    @Override
    public void close() {
        transport.close();
    }
}
