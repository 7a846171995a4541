package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.ForwardingArena;
import dev.tartan.backend.ForwardingBackend;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.execute.TimedCalls.When;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Unary;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramValue;
import dev.tartan.partition.ProgramVerifier;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestInstructions;
import dev.tartan.partition.TestMeshes;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StartedCollectivesTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    /** Whatever failed is to be out of the way long before a call's own deadline. */
    private static final long SOON_SECONDS = 20;

    private static final int ELEMENTS = 1 << 12;
    private static final int RUNS = 3;

    private final Backend backend = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private interface RankBody<T> {
        T run(int rank) throws Exception;
    }

    private <T> List<Future<T>> start(int numRanks, RankBody<T> body) {
        List<Future<T>> running = new ArrayList<>();
        for (int i = 0; i < numRanks; i++) {
            int rank = i;
            running.add(threads.submit(() -> {
                backend.device(0).attachThread();
                return body.run(rank);
            }));
        }
        return running;
    }

    /** What every rank has in its outputs and states after each of a few runs. */
    private List<List<float[]>> outcome(Program program, Map<String, String> replaced, MeshCommunicators mesh)
            throws Exception {
        MemoryPlan plan = PlanMemory.run(program, replaced, backend);
        List<List<float[]>> outcomes = new ArrayList<>();
        for (Future<List<float[]>> future : start(mesh.numRanks(), rank -> {
            List<float[]> seen = new ArrayList<>();
            try (RankExecutor executor = new RankExecutor(program, plan, rank, backend.device(0), mesh)) {
                Random random = new Random(rank);
                program.inputs().forEach(input -> RandomRuns.fill(executor.input(input.name()), random));
                for (int run = 0; run < RUNS; run++) {
                    program.inputs().stream()
                            .filter(input -> !replaced.containsValue(input.name()))
                            .forEach(input -> RandomRuns.fill(executor.input(input.name()), random));
                    executor.run();
                    program.outputs().stream()
                            .filter(output -> !replaced.containsKey(output.name()))
                            .forEach(output -> seen.add(RandomRuns.values(executor.output(output.name()))));
                    replaced.values().forEach(state -> seen.add(RandomRuns.values(executor.input(state))));
                }
            }
            return seen;
        })) {
            outcomes.add(future.get());
        }
        return outcomes;
    }

    private static LocalMesh local() {
        return LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, LONG);
    }

    /** Called at once, as late as can be, and by the threads that do it. */
    @Test
    void randomProgramsComputeTheSameWhetherCallsAreStartedOrNot() throws Exception {
        for (int seed = 0; seed < 24; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Map<String, String> replaced = drawn.replacedStates();
            Program started = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn.program(), replaced, new TimedCalls(local(), When.AT_START));
            for (When when : When.values()) {
                assertThat(outcome(started, replaced, new TimedCalls(local(), when)))
                        .as("seed %d, calls run %s\n%s", seed, when, started)
                        .usingRecursiveComparison()
                        .isEqualTo(expected);
            }
            assertThat(outcome(started, replaced, local()))
                    .as("seed %d\n%s", seed, started)
                    .usingRecursiveComparison()
                    .isEqualTo(expected);
        }
    }

    /** A sum is started, {@code sin} is computed meanwhile, and the sum awaited. */
    private static Program sum() {
        TensorType type = new TensorType(DType.FLOAT32, Shape.shape(ELEMENTS));
        List<ProgramValue> values = List.of(
                new ProgramValue(0, type, "", List.of()),
                new ProgramValue(1, type, "", List.of("data")),
                new ProgramValue(2, type, "", List.of()),
                new ProgramValue(3, type, "", List.of()));
        List<String> data = List.of("data");
        List<Instruction> instructions = List.of(
                TestInstructions.of(new Unary(Unary.Kind.NEG), List.of(0), 1),
                TestInstructions.of(new AllReduce(data, 2, Reduction.SUM), List.of(1), List.of(2), false, true),
                TestInstructions.of(new Unary(Unary.Kind.SIN), List.of(0), 3),
                TestInstructions.await(2));
        PartitionSpec whole = PartitionSpec.replicated(1);
        Program program = new Program(
                "sum",
                TestMeshes.dataModel(2, 1),
                values,
                instructions,
                List.of(new ProgramPort("x", 0, type, whole)),
                List.of(new ProgramPort("sum", 2, type, whole), new ProgramPort("sin", 3, type, whole)),
                List.of());
        ProgramVerifier.verify(program);
        return program;
    }

    private RankExecutor executor(Program program, int rank, Backend device, MeshCommunicators mesh) {
        MemoryPlan plan = PlanMemory.run(program, Map.of(), backend);
        return new RankExecutor(program, plan, rank, device.device(0), mesh);
    }

    private Map<String, List<MeshCommunicators>> meshesOfTwo(List<AutoCloseable> toClose) {
        Map<String, List<MeshCommunicators>> meshes = new LinkedHashMap<>();
        MeshAxes axes = new MeshAxes(List.of("data", "model"), List.of(2, 1));
        LocalMesh local = LocalMesh.create(axes, LONG);
        meshes.put("local", List.of(local, local));
        for (Wiring wiring : List.of(Wiring.SHM, Wiring.TCP)) {
            JoinedMeshes joined = JoinedMeshes.of(wiring, axes, 2);
            toClose.add(joined);
            meshes.put(wiring.name(), List.of(joined.process(0), joined.process(1)));
        }
        return meshes;
    }

    private static Throwable failure(Future<?> future) throws Exception {
        try {
            future.get(SOON_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("rank did not fail");
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    @Test
    void failureOfAStartedCallSurfacesAtItsAwait() throws Exception {
        List<AutoCloseable> toClose = new ArrayList<>();
        for (Map.Entry<String, List<MeshCommunicators>> meshes :
                meshesOfTwo(toClose).entrySet()) {
            Program program = sum();
            List<Future<Void>> ranks = start(2, rank -> {
                MeshCommunicators mesh = meshes.getValue().get(rank);
                try (RankExecutor executor = executor(program, rank, backend, mesh)) {
                    executor.run();
                    if (rank == 1) {
                        mesh.abort(1, new IllegalStateException("had enough"));
                        return null;
                    }
                    executor.run();
                    return null;
                }
            });
            ranks.get(1).get();
            assertThat(failure(ranks.get(0)))
                    .as(meshes.getKey())
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("all_reduce failed: reason=ABORTED, axis=data, tag='sum#1', sequence=2")
                    .hasMessageContaining("had enough");
        }
        for (AutoCloseable one : toClose) {
            one.close();
        }
    }

    /** The peer never makes the call, so that it would stay under way for minutes. */
    @Test
    void programThatThrowsMeanwhileGivesUpItsCallsBeforeItsMemoryGoes() throws Exception {
        List<AutoCloseable> toClose = new ArrayList<>();
        for (Map.Entry<String, List<MeshCommunicators>> meshes :
                meshesOfTwo(toClose).entrySet()) {
            CountDownLatch failed = new CountDownLatch(1);
            FailingBackend failing = new FailingBackend();
            List<Future<Void>> ranks = start(2, rank -> {
                MeshCommunicators mesh = meshes.getValue().get(rank);
                try (RankExecutor executor = executor(sum(), rank, rank == 0 ? failing : backend, mesh)) {
                    if (rank == 0) {
                        try {
                            executor.run();
                        } finally {
                            assertThat(failing.arenaIsOpen).isTrue();
                            assertNoCallUnderWay(mesh);
                            failed.countDown();
                        }
                    } else {
                        failed.await();
                        executor.run();
                    }
                    return null;
                }
            });
            assertThat(failure(ranks.get(0)))
                    .as(meshes.getKey())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("sin is broken");
            assertThat(failing.arenaIsOpen).isFalse();
            assertThat(failure(ranks.get(1)))
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("sin is broken");
        }
        for (AutoCloseable one : toClose) {
            one.close();
        }
    }

    /** A blocking call would wait for one that is under way; this one fails at once. */
    private static void assertNoCallUnderWay(MeshCommunicators mesh) {
        assertThatThrownBy(() -> mesh.communicator(0, List.of("data")).barrier("after"))
                .isInstanceOf(CollectiveException.class);
    }

    @Test
    void interruptWhileAwaitingEndsTheRunAndStaysVisible() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 1}, LONG);
        CountDownLatch running = new CountDownLatch(1);
        boolean[] interrupted = new boolean[1];
        Thread[] thread = new Thread[1];
        Future<Object> rank = start(1, self -> {
                    try (RankExecutor executor = executor(sum(), self, backend, mesh)) {
                        thread[0] = Thread.currentThread();
                        running.countDown();
                        executor.run();
                    } finally {
                        interrupted[0] = Thread.currentThread().isInterrupted();
                    }
                    return null;
                })
                .get(0);
        running.await();
        Thread.sleep(100);
        thread[0].interrupt();
        // The call ran on this thread, or on the communicator's while this one waited.
        assertThat(failure(rank)).isInstanceOf(CollectiveException.class).hasMessageMatching("(?s).*[iI]nterrupted.*");
        assertThat(interrupted[0]).isTrue();
    }

    /** The peer is late by far more than starting takes, and early enough for the sines. */
    @Test
    void whatIsAwaitedIsExposedAndWhatGoesOnMeanwhileIsNot() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 1}, LONG);
        CountDownLatch computed = new CountDownLatch(1);
        long lateMillis = 200;
        FailingBackend slow = new FailingBackend() {
            @Override
            void meanwhile() {
                try {
                    computed.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
        List<Future<long[]>> ranks = start(2, rank -> {
            try (RankExecutor executor = executor(sum(), rank, rank == 0 ? slow : backend, mesh)) {
                if (rank == 1) {
                    Thread.sleep(lateMillis);
                }
                executor.run();
                computed.countDown();
                return new long[] {executor.exposedCommunicationNanos(), mesh.callNanos(rank)};
            }
        });
        long[] first = ranks.get(0).get();
        assertThat(first[1]).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(lateMillis) / 2);
        assertThat(first[0]).isLessThan(first[1] / 2);
        assertThat(ranks.get(1).get()[0]).isPositive();
    }

    @Test
    void runsAllocateNothingForStartedCalls() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 1}, LONG);
        com.sun.management.ThreadMXBean bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int runs = 2000;
        List<Future<Long>> ranks = start(2, rank -> {
            try (RankExecutor executor = executor(sum(), rank, backend, mesh)) {
                for (int i = 0; i < runs; i++) {
                    executor.run();
                }
                long before = bean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < runs; i++) {
                    executor.run();
                }
                return bean.getCurrentThreadAllocatedBytes() - before;
            }
        });
        // What the two kernels allocate is not at issue.
        List<Future<Long>> kernels = start(1, rank -> {
            Program blocking = withoutSum();
            try (RankExecutor executor = executor(blocking, rank, backend, mesh)) {
                for (int i = 0; i < runs; i++) {
                    executor.run();
                }
                long before = bean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < runs; i++) {
                    executor.run();
                }
                return bean.getCurrentThreadAllocatedBytes() - before;
            }
        });
        long ofKernels = kernels.get(0).get();
        for (Future<Long> rank : ranks) {
            // Less than the smallest object per run.
            assertThat(rank.get() - ofKernels).isLessThan(16L * runs / 2);
        }
    }

    private static Program withoutSum() {
        Program sum = sum();
        return new Program(
                "kernels",
                sum.mesh(),
                List.of(
                        sum.values().get(0),
                        new ProgramValue(1, sum.typeOf(1), "", List.of()),
                        sum.values().get(2),
                        sum.values().get(3)),
                List.of(sum.instructions().get(0), sum.instructions().get(2)),
                sum.inputs(),
                List.of(sum.output("sin")),
                List.of());
    }

    /** A backend whose sines fail, or do something else first. */
    private class FailingBackend extends ForwardingBackend {
        private volatile boolean arenaIsOpen;

        FailingBackend() {
            super(backend);
        }

        void meanwhile() {
            throw new IllegalStateException("sin is broken");
        }

        @Override
        public Device device(int index) {
            return new ForwardingDevice(super.device(index)) {
                @Override
                public Arena allocate(long bytes) {
                    Arena arena = super.allocate(bytes);
                    arenaIsOpen = true;
                    return new ForwardingArena(arena) {
                        @Override
                        public void close() {
                            arenaIsOpen = false;
                            super.close();
                        }
                    };
                }

                @Override
                public KernelLibrary kernels() {
                    return FailingBackend.this.kernels();
                }
            };
        }

        @Override
        public KernelLibrary kernels() {
            return new KernelLibrary() {
                @Override
                public long scratchBytes(Op op, List<TensorType> operands) {
                    return backend.kernels().scratchBytes(op, operands);
                }

                @Override
                public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                    Kernel kernel = backend.kernels().bind(op, operands, results, scratch);
                    return !op.name().equals("sin")
                            ? kernel
                            : stream -> {
                                meanwhile();
                                kernel.enqueue(stream);
                            };
                }
            };
        }
    }
}
