package dev.tartan.execute;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.nd4j.Nd4jBackend;
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
import dev.tartan.op.reference.HostTensor;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomReshard;
import dev.tartan.partition.Reshard;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reshards over real communicators, one thread a rank. */
@Timeout(120)
class ReshardRunTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Backend backend = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    @Test
    void randomReshardsGiveTheSlicesOfTheWhole() throws Exception {
        Random random = new Random(31);
        for (int i = 0; i < 300; i++) {
            RandomReshard reshard = RandomReshard.draw(random, DType.FLOAT32);
            Mesh mesh = reshard.from().mesh();
            LocalMesh communicators = LocalMesh.create(new MeshAxes(mesh.axisNames(), mesh.axisSizes()), TIMEOUT);
            run(reshard, rank -> communicators);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP", "PAIRS"})
    void permutesWorkBetweenProcesses(Wiring wiring) throws Exception {
        MeshAxes meshAxes = new MeshAxes(List.of("data", "model"), List.of(2, 2));
        int numProcesses = wiring == Wiring.PAIRS ? 2 : 4;
        try (JoinedMeshes meshes = JoinedMeshes.of(wiring, meshAxes, numProcesses)) {
            // Large enough that no buffer on the way holds it.
            permute(meshes, shape(2, 2), spec(axes("data", "model")), spec(axes("model", "data")), shape(1 << 20));
            permute(meshes, shape(2, 2), spec("data", "model"), spec("model", "data"), shape(6, 10));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LOCAL", "TCP"})
    void permutesOfOddCyclesEnd(Wiring wiring) throws Exception {
        MeshAxes meshAxes = new MeshAxes(List.of("data", "model"), List.of(3, 2));
        try (JoinedMeshes meshes = JoinedMeshes.of(wiring, meshAxes, wiring == Wiring.LOCAL ? 1 : 6)) {
            permute(meshes, shape(3, 2), spec(axes("data", "model")), spec(axes("model", "data")), shape(6 << 15));
        }
    }

    private void permute(JoinedMeshes meshes, Shape meshShape, PartitionSpec from, PartitionSpec to, Shape shape)
            throws Exception {
        Mesh mesh = Mesh.of(Device.cpus(Math.toIntExact(meshShape.numElements())), meshShape, "data", "model");
        RandomReshard reshard = new RandomReshard(
                NamedSharding.of(mesh, from), NamedSharding.of(mesh, to), new TensorType(DType.FLOAT32, shape));
        assertThat(Reshard.explain(reshard.from(), reshard.to(), shape)).contains("  permute over data.model: ");
        int perProcess = mesh.numRanks() / meshes.numProcesses();
        run(reshard, rank -> meshes.process(rank / perProcess));
    }

    private void run(RandomReshard reshard, IntFunction<MeshCommunicators> communicators) throws Exception {
        Program program =
                Reshard.plan(reshard.from(), reshard.to(), reshard.type()).program("reshard");
        MemoryPlan plan = PlanMemory.run(program, Map.of(), backend);
        List<Future<HostTensor>> running = new ArrayList<>();
        for (int i = 0; i < program.mesh().numRanks(); i++) {
            int rank = i;
            running.add(threads.submit(() -> run(program, plan, rank, communicators.apply(rank), reshard)));
        }
        List<HostTensor> held = new ArrayList<>();
        for (Future<HostTensor> each : running) {
            try {
                held.add(each.get());
            } catch (Exception e) {
                throw new AssertionError(program.toString(), e);
            }
        }
        reshard.check(held);
    }

    private HostTensor run(
            Program program, MemoryPlan plan, int rank, MeshCommunicators communicators, RandomReshard reshard) {
        backend.device(0).attachThread();
        try (RankExecutor executor = new RankExecutor(program, plan, rank, backend.device(0), communicators)) {
            executor.input("x").write(reshard.before(rank).toFloats());
            executor.run();
            TensorType type = executor.output("y").type();
            float[] values = new float[Math.toIntExact(type.shape().numElements())];
            executor.output("y").read(values);
            return HostTensor.generate(type, i -> values[i]);
        } catch (RuntimeException | Error e) {
            communicators.abort(rank, e);
            throw e;
        }
    }
}
