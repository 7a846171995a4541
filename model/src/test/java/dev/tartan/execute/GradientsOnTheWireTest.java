package dev.tartan.execute;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Backend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.CommunicationCounters.Total;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.op.Tensor;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.partition.StartCollectives;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three sums over two ranks, of which two are said to be gradients: one is reduced, one scattered. */
@Timeout(60)
class GradientsOnTheWireTest {
    private static final int ROWS = 2;
    private static final int COLUMNS = 6;

    /** From here to its double, bfloat16s are the even integers. */
    private static final int BASE = 256;

    private final Backend backend = new Nd4jBackend(1);
    private final Program program;
    private final MemoryPlan plan;

    GradientsOnTheWireTest() {
        GraphBuilder graph = new GraphBuilder("sums");
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(ROWS, COLUMNS)));
        Tensor scattered = x.sum(0);
        Tensor reduced = x.mul(2).sum(0);
        Tensor other = x.mul(4).sum(0);
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("scattered", scattered.value());
        outputs.put("reduced", reduced.value());
        outputs.put("other", other.value());
        Mesh mesh = Mesh.of(Device.cpus(2), shape(2), "data");
        this.program = PartitionGraph.run(
                mesh,
                graph.build(outputs),
                Map.of(x.value(), spec("data", null)),
                Map.of("scattered", spec("data")),
                new TrainedValues(Set.of(), Set.of(scattered.value(), reduced.value()), Set.of()));
        this.plan = PlanMemory.run(program, Map.of(), backend);
    }

    /** What a rank has in a column; a bfloat16 would be the even one of its integer and the next. */
    private static float value(int rank, int column) {
        return BASE + column + (rank == 0 ? 0.25f : 0.125f);
    }

    /** What the rank made of it. */
    private record Outcome(float[] scattered, float[] reduced, float[] other, List<Total> totals) {}

    private Outcome run(Program program, int rank, MeshCommunicators communicators, DType gradients) {
        MemoryPlan plan = PlanMemory.run(program, Map.of(), backend);
        backend.device(0).attachThread();
        try (RankExecutor executor =
                new RankExecutor(program, plan, rank, backend.device(0), communicators, gradients)) {
            assertThat(executor.arenaBytes()).isEqualTo(plan.arenaBytes());
            float[] row = new float[COLUMNS];
            for (int column = 0; column < COLUMNS; column++) {
                row[column] = value(rank, column);
            }
            executor.input("x").write(row);
            executor.run();
            float[] scattered = new float[COLUMNS / 2];
            float[] reduced = new float[COLUMNS];
            float[] other = new float[COLUMNS];
            executor.output("scattered").read(scattered);
            executor.output("reduced").read(reduced);
            executor.output("other").read(other);
            return new Outcome(scattered, reduced, other, communicators.totals(rank));
        }
    }

    private List<Outcome> runBoth(Program run, List<MeshCommunicators> ofRanks, DType gradients) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Outcome>> running = new ArrayList<>();
            for (int rank = 0; rank < 2; rank++) {
                int self = rank;
                running.add(threads.submit(() -> run(run, self, ofRanks.get(self), gradients)));
            }
            return List.of(running.get(0).get(), running.get(1).get());
        } finally {
            threads.shutdownNow();
        }
    }

    private List<Outcome> overSockets(DType gradients) throws Exception {
        return overSockets(program, gradients);
    }

    private List<Outcome> overSockets(Program program, DType gradients) throws Exception {
        MeshAxes axes = new MeshAxes(List.of("data"), List.of(2));
        try (JoinedMeshes meshes = JoinedMeshes.of(SpawnRanks.Wiring.TCP, axes, 2)) {
            return runBoth(program, List.of(meshes.process(0), meshes.process(1)), gradients);
        }
    }

    /** The sums times {@code factor}, a power of two, of values that were rounded or not. */
    private static float[] sums(int from, int length, float factor, boolean rounded) {
        float[] sums = new float[length];
        for (int i = 0; i < length; i++) {
            int column = from + i;
            int nextEven = BASE + (column + 1) / 2 * 2;
            // Twice an even integer is exact again.
            sums[i] = factor * (rounded ? 2 * nextEven : value(0, column) + value(1, column));
        }
        return sums;
    }

    private static void expect(List<Outcome> outcomes, boolean rounded) {
        for (int rank = 0; rank < 2; rank++) {
            Outcome outcome = outcomes.get(rank);
            assertThat(outcome.scattered()).isEqualTo(sums(rank * COLUMNS / 2, COLUMNS / 2, 1, rounded));
            assertThat(outcome.reduced()).isEqualTo(sums(0, COLUMNS, 2, rounded));
            assertThat(outcome.other()).isEqualTo(sums(0, COLUMNS, 4, false));
            int gradientBytes = COLUMNS * (rounded ? 2 : 4);
            assertThat(outcome.totals())
                    .containsExactlyInAnyOrder(
                            new Total(CollectiveOp.ALL_REDUCE, "data", 2, gradientBytes + COLUMNS * 4L),
                            new Total(CollectiveOp.REDUCE_SCATTER, "data", 1, gradientBytes));
        }
    }

    @Test
    void onlyGradientsAreRoundedBetweenProcesses() throws Exception {
        expect(overSockets(DType.BFLOAT16), true);
        expect(overSockets(DType.FLOAT32), false);
    }

    @Test
    void startedGradientsAreRoundedAlike() throws Exception {
        Program started = StartCollectives.run(program, Instruction::carriesGradient);
        assertThat(started.toString()).contains(" of gradient started\n").contains("  await (%");
        expect(overSockets(started, DType.BFLOAT16), true);
        expect(overSockets(started, DType.FLOAT32), false);
    }

    @Test
    void nothingIsRoundedWithinOneProcess() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data"), new int[] {2}, Duration.ofSeconds(20));
        expect(runBoth(program, List.of(mesh, mesh), DType.BFLOAT16), false);
    }

    /** An all-reduce has its result's memory; the result of a reduce-scatter is too small. */
    @Test
    void whatAReduceScatterStagesIsPlanned() {
        assertThat(plan.staging()).hasSize(1);
        assertThat(plan.staging().get(0).slot().bytes()).isEqualTo(COLUMNS * 2);
        assertThat(program.toString())
                .contains("reduce_scatter over data (%")
                .containsPattern("all_reduce over data \\(%\\d+\\) of gradient\n")
                .containsPattern("reduce_scatter over data \\(%\\d+\\) of gradient\n")
                .containsPattern("all_reduce over data \\(%\\d+\\)\n");
    }

    @Test
    void otherTypesAreRefused() {
        LocalMesh mesh = LocalMesh.create(List.of("data"), new int[] {2}, Duration.ofSeconds(20));
        assertThatThrownBy(() -> new RankExecutor(program, plan, 0, backend.device(0), mesh, DType.INT32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gradients cannot be sent so: type=INT32. Use FLOAT32 or BFLOAT16.");
    }
}
