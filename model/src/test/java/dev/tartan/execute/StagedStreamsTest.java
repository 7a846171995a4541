package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tartan.backend.Device;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Unary;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramValue;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestInstructions;
import dev.tartan.partition.TestMeshes;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An all-reduce in 8 chunks on the streams of the CUDA backend: copies go on beside the network, and when something
 * fails, nothing is left running.
 */
@Timeout(120)
class StagedStreamsTest {
    private static final long CHUNK_BYTES = 128;
    private static final int ELEMENTS = 256;
    private static final List<String> DATA = List.of("data");

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private IntConsumer beforeCall = rank -> {};

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    /** Its input's sines are added up over all ranks, and their cosines are the output. */
    private static Program program(boolean started) {
        TensorType type = new TensorType(DType.FLOAT32, Shape.shape(ELEMENTS));
        List<ProgramValue> values = List.of(
                new ProgramValue(0, type, "", List.of()),
                new ProgramValue(1, type, "", DATA),
                new ProgramValue(2, type, "", List.of()),
                new ProgramValue(3, type, "", List.of()));
        Program program = new Program(
                "staged",
                TestMeshes.dataModel(2, 1),
                values,
                List.of(
                        TestInstructions.of(new Unary(Unary.Kind.SIN), List.of(0), 1),
                        TestInstructions.of(new AllReduce(DATA, 2, Reduction.SUM), List.of(1), 2),
                        TestInstructions.of(new Unary(Unary.Kind.COS), List.of(2), 3)),
                List.of(new ProgramPort("x", 0, type, PartitionSpec.replicated(1))),
                List.of(new ProgramPort("y", 3, type, PartitionSpec.replicated(1))),
                List.of());
        return started ? StartCollectives.run(program, one -> true) : program;
    }

    /** What one rank does with its executor. */
    private interface Body {
        void run(RankExecutor executor, Device device);
    }

    /** What each rank throws. */
    private List<@Nullable Throwable> failures(
            HostCudaBackend cuda, boolean started, Duration timeout, List<Body> bodies) throws Exception {
        Program program = program(started);
        MemoryPlan plan = PlanMemory.run(
                program, Map.of(), cuda.backend().on(cuda.backend().profile().stagingIn(CHUNK_BYTES)));
        MeshCommunicators mesh =
                new BeforeCalls(LocalMesh.create(List.of("data", "model"), new int[] {2, 1}, timeout), beforeCall);
        List<Future<@Nullable Throwable>> ranks = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int rank = i;
            ranks.add(threads.submit(() -> {
                Device device = cuda.backend().device(rank);
                device.attachThread();
                try (RankExecutor executor = new RankExecutor(program, plan, rank, device, mesh)) {
                    RandomRuns.fill(executor.input("x"), new Random(rank));
                    return catchThrowable(() -> bodies.get(rank).run(executor, device));
                }
            }));
        }
        List<@Nullable Throwable> thrown = new ArrayList<>();
        for (Future<@Nullable Throwable> each : ranks) {
            thrown.add(each.get(60, TimeUnit.SECONDS));
        }
        expectNothingLeft(cuda);
        return thrown;
    }

    private static void expectNothingLeft(HostCudaBackend cuda) throws InterruptedException {
        for (int device = 0; device < 2; device++) {
            assertThat(cuda.deviceBytes(device)).isZero();
            assertThat(cuda.hostBytes(device)).isZero();
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("tartan-CUDA")) {
                thread.join(10_000);
                assertThat(thread.isAlive()).as(thread.getName()).isFalse();
            }
        }
    }

    private static CollectiveException collective(@Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(CollectiveException.class);
        return (CollectiveException) Objects.requireNonNull(thrown);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCopyThatFailsEndsBothRanks(boolean started) throws Exception {
        HostCudaBackend whole = new HostCudaBackend(2, 1);
        Body runs = (executor, device) -> executor.run();
        assertThat(failures(whole, started, Duration.ofMinutes(1), List.of(runs, runs)))
                .containsExactly(null, null);
        // Two parts to the host and two back in each chunk.
        assertThat(whole.numCopies(0)).isEqualTo(4 * 8);
        for (int number = 0; number < whole.numCopies(0); number++) {
            HostCudaBackend cuda = new HostCudaBackend(2, number);
            int failing = number;
            List<@Nullable Throwable> thrown = failures(
                    cuda,
                    started,
                    Duration.ofMinutes(1),
                    List.of(
                            (executor, device) -> {
                                cuda.failCopy(device, failing);
                                executor.run();
                            },
                            runs));
            assertThat(thrown.get(0)).isInstanceOf(IllegalStateException.class).hasMessageContaining("copy fails");
            if (thrown.get(1) != null) {
                assertThat(collective(thrown.get(1)).getMessage()).contains("copy fails");
            }
        }
    }

    /**
     * No call goes on before the GPU was given the copies of the next chunk to the host, and those of all chunks before
     * to the device.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChunkIsOnTheNetworkWhileItsNeighboursAreCopied(boolean started) throws Exception {
        HostCudaBackend cuda = new HostCudaBackend(2, 1);
        AtomicInteger calls = new AtomicInteger();
        beforeCall = rank -> {
            if (rank == 0) {
                int chunk = calls.getAndIncrement();
                int copies = 2 * Math.min(8, chunk + 2) + 2 * chunk;
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                while (cuda.numCopies(0) < copies) {
                    assertThat(System.nanoTime()).as("chunk %d", chunk).isLessThan(deadline);
                    Thread.onSpinWait();
                }
            }
        };
        Body runs = (executor, device) -> executor.run();
        assertThat(failures(cuda, started, Duration.ofMinutes(1), List.of(runs, runs)))
                .containsExactly(null, null);
        assertThat(calls).hasValue(8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRankThatIsLateEndsTheOther(boolean started) throws Exception {
        List<@Nullable Throwable> thrown = failures(
                new HostCudaBackend(2, 1),
                started,
                Duration.ofMillis(300),
                List.of((executor, device) -> executor.run(), (executor, device) -> {}));
        assertThat(collective(thrown.get(0)).reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(collective(thrown.get(0)).getMessage()).contains("#1 chunk 0");
        assertThat(thrown.get(1)).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptEndsTheWait(boolean started) throws Exception {
        for (int time = 0; time < 20; time++) {
            AtomicReference<Thread> waiting = new AtomicReference<>();
            List<@Nullable Throwable> thrown = failures(
                    new HostCudaBackend(2, time),
                    started,
                    Duration.ofMinutes(1),
                    List.of(
                            (executor, device) -> {
                                waiting.set(Thread.currentThread());
                                try {
                                    executor.run();
                                } finally {
                                    assertThat(Thread.interrupted()).isTrue();
                                }
                            },
                            (executor, device) -> interruptWhenItWaits(waiting)));
            assertThat(collective(thrown.get(0)).reason()).isEqualTo(Reason.INTERRUPTED);
            assertThat(thrown.get(1)).isNull();
        }
    }

    private static void interruptWhenItWaits(AtomicReference<Thread> waiting) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        Thread thread = waiting.get();
        while (thread == null || thread.getState() != Thread.State.WAITING) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
            thread = waiting.get();
        }
        thread.interrupt();
    }
}
