package dev.tartan.train;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.graph.StateBinding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parameters in every layout on two axes, written by process 0, the ranks being threads that stand for processes. */
@Timeout(60)
class ParameterWriterTest {
    private static final Shape LOGICAL = shape(7, 4);
    private static final Shape PADDED = shape(12, 12);
    private static final List<PartitionSpec> LAYOUTS = List.of(
            spec("data", null),
            spec(null, "data"),
            spec("data", "model"),
            spec("model", "data"),
            spec(axes("data", "model"), null),
            spec(null, axes("model", "data")),
            spec("model", null),
            spec(null, null));

    @TempDir
    Path folder;

    private final Backend backend = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 2", "2, 2, 4", "4, 1, 2", "1, 4, 2", "3, 2, 2", "3, 2, 3", "2, 3, 2", "2, 2, 1"})
    void processZeroWritesEveryLayoutWhole(int data, int model, int numProcesses) throws Exception {
        LocalMesh communicators = LocalMesh.create(RunMesh.AXES, new int[] {data, model}, Duration.ofSeconds(30));
        Mesh mesh = mesh(data, model);
        checkFile(write(mesh, numProcesses, rank -> communicators));
        boolean hasCommunicated = !communicators.totals(mesh.numRanks() - 1).isEmpty();
        assertThat(hasCommunicated).isEqualTo(numProcesses > 1);
    }

    @Test
    void processesGatherOverSockets() throws Exception {
        try (JoinedMeshes meshes = JoinedMeshes.of(Wiring.PAIRS, new MeshAxes(RunMesh.AXES, List.of(2, 2)), 2)) {
            checkFile(write(mesh(2, 2), 2, rank -> meshes.process(rank / 2)));
            // Of model only, process 0 has all.
            assertThat(meshes.process(0).totals(0))
                    .extracting(CommunicationCounters.Total::axis)
                    .containsOnly("data");
        }
    }

    /** Writes a parameter in each layout from all ranks. */
    private Path write(Mesh mesh, int numProcesses, IntFunction<MeshCommunicators> communicators) throws Exception {
        Path path = folder.resolve("parameters.safetensors");
        List<PlannedState> states =
                LAYOUTS.stream().map(ParameterWriterTest::state).toList();
        try (SafetensorsWriter file = SafetensorsWriter.create(path, ParameterFile.declarations(states), Map.of())) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < mesh.numRanks(); i++) {
                int rank = i;
                int process = rank / (mesh.numRanks() / numProcesses);
                ProcessRanks ranks = new ProcessRanks(process, numProcesses, communicators.apply(rank));
                running.add(threads.submit(() -> write(mesh, rank, ranks, states, process == 0 ? file : null)));
            }
            for (Future<?> each : running) {
                each.get();
            }
            file.finish();
        }
        return path;
    }

    private void write(
            Mesh mesh, int rank, ProcessRanks ranks, List<PlannedState> states, @Nullable SafetensorsWriter file) {
        backend.device(0).attachThread();
        ParameterWriter writer = new ParameterWriter(mesh, rank, backend.device(0), ranks);
        for (PlannedState state : states) {
            Shape local = NamedSharding.of(mesh, state.spec()).localShape(PADDED);
            TensorType type = new TensorType(DType.FLOAT32, local);
            try (Arena arena = backend.device(0).allocate(type.bytes())) {
                Buffer shard = arena.buffer(type, 0);
                // What padding holds is nobody's business, so it is not zero here.
                float[] values = new float[Math.toIntExact(local.numElements())];
                Arrays.fill(values, -1);
                TensorSlice box = state.box(mesh, rank);
                fill(values, local, box);
                shard.write(values);
                writer.write(state, shard, file);
            }
        }
    }

    private static void fill(float[] shard, Shape local, TensorSlice box) {
        for (long row = 0; row < box.sizes()[0]; row++) {
            for (long column = 0; column < box.sizes()[1]; column++) {
                shard[Math.toIntExact(row * local.dim(1) + column)] =
                        value(box.starts()[0] + row, box.starts()[1] + column);
            }
        }
    }

    private static float value(long row, long column) {
        return 10 * row + column;
    }

    private static void checkFile(Path path) {
        float[] expected = new float[Math.toIntExact(LOGICAL.numElements())];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = value(i / LOGICAL.dim(1), i % LOGICAL.dim(1));
        }
        try (SafetensorsReader file = SafetensorsReader.open(path)) {
            for (PartitionSpec layout : LAYOUTS) {
                assertThat(file.readFloats(layout.toString())).as("%s", layout).isEqualTo(expected);
            }
        }
    }

    private static PlannedState state(PartitionSpec layout) {
        String name = layout.toString();
        return new PlannedState(name, name, StateBinding.Kind.PARAMETER, PADDED, LOGICAL, LOGICAL, layout, null, 0);
    }

    private static Mesh mesh(int data, int model) {
        return Mesh.of(Device.cpus(data * model), shape(data, model), RunMesh.AXES.toArray(new String[0]));
    }
}
