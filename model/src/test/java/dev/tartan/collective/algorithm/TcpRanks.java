package dev.tartan.collective.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.Communicator;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpGroup;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.collective.transport.tcp.TcpPeer;
import dev.tartan.collective.transport.tcp.TcpTransport;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Runs one thread per rank, joined by TCP over loopback, as gloo's test harness does. */
final class TcpRanks {
    static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final Duration LONGEST_TEST = Duration.ofSeconds(40);

    private TcpRanks() {}

    /** One rank's code. */
    interface Body {
        void run(int rank, Communicator communicator) throws Exception;
    }

    /** How one rank joins. */
    interface Join {
        TcpTransport join(int rank);
    }

    static TcpOptions options() {
        return TcpOptions.defaults().withConnectTimeout(TIMEOUT).withCallTimeout(TIMEOUT);
    }

    static TcpEndpoint bind() {
        return TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PortRange.any());
    }

    static List<TcpEndpoint> bind(int numRanks) {
        List<TcpEndpoint> endpoints = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            endpoints.add(bind());
        }
        return endpoints;
    }

    static List<TcpPeer> peers(List<Integer> ports) {
        List<TcpPeer> peers = new ArrayList<>();
        for (int rank = 0; rank < ports.size(); rank++) {
            peers.add(new TcpPeer(rank, "127.0.0.1", ports.get(rank)));
        }
        return peers;
    }

    static Join over(List<TcpEndpoint> endpoints, TcpOptions options) {
        List<TcpPeer> peers = peers(endpoints.stream().map(TcpEndpoint::port).toList());
        JobSecret secret = JobSecret.random();
        return rank -> TcpTransport.connect(endpoints.get(rank), new TcpGroup("data", rank, peers), secret, options);
    }

    /** Runs all ranks; fails with the first rank's error. */
    static void spawn(int numRanks, AlgorithmChoice choice, Body body) {
        List<@Nullable Throwable> thrown = spawnAndCatch(numRanks, over(bind(numRanks), options()), choice, body);
        for (int rank = 0; rank < numRanks; rank++) {
            Throwable error = thrown.get(rank);
            if (error != null) {
                throw new AssertionError("rank " + rank + " of " + numRanks + " failed: " + error, error);
            }
        }
    }

    /** Runs the first ranks of a group; returns what each threw. A rank that does not end fails the test. */
    static List<@Nullable Throwable> spawnAndCatch(int numRanks, Join join, AlgorithmChoice choice, Body body) {
        AtomicReferenceArray<@Nullable Throwable> thrown = new AtomicReferenceArray<>(numRanks);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < numRanks; i++) {
            int rank = i;
            Thread thread = new Thread(
                    () -> {
                        try (TcpTransport transport = join.join(rank)) {
                            Communicator communicator = new TransportCommunicator(transport, choice);
                            try {
                                body.run(rank, communicator);
                            } catch (Throwable e) {
                                thrown.set(rank, e);
                                communicator.abort(e);
                            }
                        } catch (RuntimeException e) {
                            thrown.set(rank, e);
                        }
                    },
                    "rank-" + rank);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        long deadline = System.nanoTime() + LONGEST_TEST.toNanos();
        List<@Nullable Throwable> result = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            try {
                threads.get(rank).join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThat(threads.get(rank).isAlive())
                    .as("rank %d still runs", rank)
                    .isFalse();
            result.add(thrown.get(rank));
        }
        return result;
    }
}
