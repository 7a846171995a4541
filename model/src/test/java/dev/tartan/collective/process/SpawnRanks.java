package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.ProcessMeshOptions.Sharing;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs one thread per rank of a mesh along {@code data}, as gloo's test harness does. Ranks meet as if in processes of
 * their own, joined over loopback.
 */
public final class SpawnRanks {
    /** The longest a rank waits. */
    public static final Duration TIMEOUT = Duration.ofSeconds(20);

    private static final Duration LONGEST_TEST = Duration.ofSeconds(50);
    private static final List<String> ALONG = List.of("data");

    private final Wiring wiring;
    private final int numRanks;
    private AlgorithmChoice choice = AlgorithmChoice.defaults();
    private TcpOptions tcp = options();
    private @Nullable Join join;
    private int ranksPerProcess;

    private SpawnRanks(Wiring wiring, int numRanks) {
        this.wiring = wiring;
        this.numRanks = numRanks;
        this.ranksPerProcess = wiring.ranksPerProcess(numRanks);
    }

    /** What carries the messages. */
    public enum Wiring {
        /** All ranks in one process, doing their calls on shared work. */
        SHARED(0),
        /** All ranks in one process, each by its part of an algorithm. */
        LOCAL(0),
        /** Each in its own, sharing memory. */
        SHM(1),
        /** Each in its own, over sockets. */
        TCP(1),
        /** Each in its own, over encrypted sockets. */
        ENCRYPTED(1),
        /** Each in its own, over three sockets to each other. */
        STREAMS(1),
        /** Two in each process, over sockets between processes. */
        PAIRS(2);

        private final int ranksPerProcess;

        Wiring(int ranksPerProcess) {
            this.ranksPerProcess = ranksPerProcess;
        }

        private int ranksPerProcess(int numRanks) {
            return ranksPerProcess == 0 ? numRanks : ranksPerProcess;
        }

        private TcpOptions apply(TcpOptions options) {
            return options.withEncryption(this == ENCRYPTED).withStreams(this == STREAMS ? 3 : 1);
        }
    }

    /** One rank's code. */
    public interface Body {
        /** Runs on the rank's thread. */
        void run(int rank, Communicator communicator) throws Exception;
    }

    /** How a process joins. */
    public interface Join {
        /** Called on the thread of the process's first rank. */
        TcpNode join(int process);
    }

    /** Ranks that are to be wired so. */
    public static SpawnRanks of(Wiring wiring, int numRanks) {
        return new SpawnRanks(wiring, numRanks);
    }

    /** Picks algorithms so. */
    public SpawnRanks with(AlgorithmChoice other) {
        choice = other;
        return this;
    }

    /** Holds so many ranks in each process. */
    public SpawnRanks withRanksPerProcess(int number) {
        ranksPerProcess = number;
        return this;
    }

    /** Connects with changed options. */
    public SpawnRanks with(UnaryOperator<TcpOptions> change) {
        tcp = change.apply(tcp);
        return this;
    }

    /** Joins in another way than over fresh endpoints. */
    public SpawnRanks joining(Join other) {
        join = other;
        return this;
    }

    /** What tests connect with. */
    public static TcpOptions options() {
        return TcpOptions.defaults().withConnectTimeout(TIMEOUT).withCallTimeout(TIMEOUT);
    }

    /** Notices a frozen process after 1.5 s. */
    public static TcpOptions quickHeartbeat(TcpOptions options) {
        return options.withHeartbeat(Duration.ofMillis(100), Duration.ofMillis(1500));
    }

    /** A socket on loopback. */
    public static TcpEndpoint bind() {
        return TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PortRange.any());
    }

    /** Sockets on loopback. */
    public static List<TcpEndpoint> bind(int number) {
        List<TcpEndpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            endpoints.add(bind());
        }
        return endpoints;
    }

    /** Processes at those ports, all of one machine. */
    public static List<ProcessAddress> addresses(List<Integer> ports) {
        List<ProcessAddress> addresses = new ArrayList<>();
        for (int process = 0; process < ports.size(); process++) {
            addresses.add(new ProcessAddress("e" + process, "127.0.0.1", ports.get(process), "machine"));
        }
        return addresses;
    }

    /** Joins over these endpoints. */
    public static Join over(List<TcpEndpoint> endpoints, JobSecret secret, TcpOptions options) {
        List<ProcessAddress> addresses =
                addresses(endpoints.stream().map(TcpEndpoint::port).toList());
        return process -> TcpNode.join(endpoints.get(process), new ProcessGroup(process, addresses), secret, options);
    }

    /** The options of a mesh wired so. */
    public static ProcessMeshOptions meshOptions(Wiring wiring, AlgorithmChoice choice) {
        return ProcessMeshOptions.defaults()
                .withChoice(choice)
                .withSharing(wiring == Wiring.SHM ? Sharing.REQUIRED : Sharing.OFF)
                .withSharedWork(wiring == Wiring.SHARED);
    }

    /** Runs all ranks; fails with the first rank's error. */
    public void run(Body body) {
        List<@Nullable Throwable> thrown = runAndCatch(body);
        for (int rank = 0; rank < thrown.size(); rank++) {
            Throwable error = thrown.get(rank);
            if (error != null) {
                throw new AssertionError(
                        "rank " + rank + " of " + numRanks + " over " + wiring + " failed: " + error, error);
            }
        }
    }

    /** Runs all ranks; returns what each threw. A rank that does not end fails the test. */
    public List<@Nullable Throwable> runAndCatch(Body body) {
        return runAndCatch(numRanks, body);
    }

    /** Runs the first ranks only; the others are elsewhere. */
    public List<@Nullable Throwable> runAndCatch(int ranksHere, Body body) {
        int numProcesses = numRanks / ranksPerProcess;
        Join how = join;
        if (how == null) {
            how = numProcesses == 1
                    ? process -> TcpNode.alone(tcp)
                    : over(bind(numProcesses), JobSecret.random(), wiring.apply(tcp));
        }
        MeshAxes axes = new MeshAxes(ALONG, List.of(numRanks));
        Run run = new Run(how, axes, ranksPerProcess, body, ranksHere, numProcesses);
        return run.all();
    }

    /** What a rank threw, which has to be the failure of a call. */
    public static CollectiveException failure(@Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(CollectiveException.class);
        return (CollectiveException) Objects.requireNonNull(thrown);
    }

    private final class Run {
        private final Join how;
        private final MeshAxes axes;
        private final int ranksPerProcess;
        private final Body body;
        private final int ranksHere;
        private final List<CompletableFuture<ProcessMesh>> meshes = new ArrayList<>();
        private final AtomicReferenceArray<@Nullable Throwable> thrown;
        private final List<Thread> threads = new ArrayList<>();

        Run(Join how, MeshAxes axes, int ranksPerProcess, Body body, int ranksHere, int numProcesses) {
            this.how = how;
            this.axes = axes;
            this.ranksPerProcess = ranksPerProcess;
            this.body = body;
            this.ranksHere = ranksHere;
            this.thrown = new AtomicReferenceArray<>(ranksHere);
            for (int process = 0; process < numProcesses; process++) {
                meshes.add(new CompletableFuture<>());
            }
        }

        List<@Nullable Throwable> all() {
            for (int rank = 0; rank < ranksHere; rank++) {
                int self = rank;
                Thread thread = new Thread(() -> one(self), "rank-" + rank);
                thread.setDaemon(true);
                threads.add(thread);
                thread.start();
            }
            long deadline = System.nanoTime() + LONGEST_TEST.toNanos();
            List<@Nullable Throwable> result = new ArrayList<>();
            try {
                for (int rank = 0; rank < ranksHere; rank++) {
                    threads.get(rank).join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
                    assertThat(threads.get(rank).isAlive())
                            .as(() -> "a rank still runs: " + dump())
                            .isFalse();
                    result.add(thrown.get(rank));
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                meshes.stream()
                        .filter(mesh -> mesh.isDone() && !mesh.isCompletedExceptionally())
                        .forEach(mesh -> mesh.join().close());
            }
            return result;
        }

        private String dump() {
            StringBuilder text = new StringBuilder();
            for (Thread thread : threads) {
                if (thread.isAlive()) {
                    text.append('\n').append(thread.getName());
                    for (StackTraceElement frame : thread.getStackTrace()) {
                        text.append("\n  ").append(frame);
                    }
                }
            }
            return text.toString();
        }

        private void one(int rank) {
            try {
                ProcessMesh mesh = mesh(rank);
                Communicator communicator = mesh.communicator(rank, ALONG);
                try {
                    body.run(rank, communicator);
                } catch (Throwable e) {
                    thrown.set(rank, e);
                    communicator.abort(e);
                }
            } catch (ExecutionException e) {
                thrown.set(rank, e.getCause());
            } catch (Exception | Error e) {
                thrown.set(rank, e);
            }
        }

        private ProcessMesh mesh(int rank) throws Exception {
            CompletableFuture<ProcessMesh> future = meshes.get(rank / ranksPerProcess);
            if (rank % ranksPerProcess == 0) {
                try {
                    future.complete(
                            new ProcessMesh(how.join(rank / ranksPerProcess), axes, meshOptions(wiring, choice)));
                } catch (RuntimeException e) {
                    future.completeExceptionally(e);
                }
            }
            return future.get();
        }
    }
}
