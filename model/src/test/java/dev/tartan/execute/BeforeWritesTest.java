package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What reads a state beside a run sees it as it was before the run. The device may be behind: all that it was given by
 * then may read the state, and nothing of it writes there, so nobody has to wait for it.
 */
class BeforeWritesTest {
    private static final Backend CPU = new Nd4jBackend(1);

    static Stream<Backend> backends() {
        return Stream.of(CPU, new FakeBackend(CPU, 1), new FakeBackend(CPU, 2), new HostCudaBackend(1, 1).backend());
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aStateIsReadBeforeItIsWritten(Backend backend) {
        GraphBuilder graph = new GraphBuilder("sums");
        TensorType type = new TensorType(DType.FLOAT32, Shape.shape(4));
        Tensor x = Tensor.input(graph, "x", type);
        Tensor sum = Tensor.input(graph, "sum", type);
        // The state is read before, too, and by more than what replaces it.
        Tensor doubled = sum.mul(2);
        Tensor next = sum.add(x.mul(x).mul(2));
        Program program = PartitionGraph.run(
                Mesh.of(Device.cpus(1), Shape.shape(1), "data"),
                graph.build(Map.of("next", next.value(), "doubled", doubled.value())),
                Map.of(x.value(), PartitionSpec.replicated(1)),
                Map.of(),
                TrainedValues.NONE);
        MemoryPlan plan = PlanMemory.run(program, Map.of("next", "sum"), Set.of("x"), backend);
        LocalMesh mesh = LocalMesh.create(List.of("data"), new int[] {1}, Duration.ofSeconds(20));
        backend.device(0).attachThread();
        List<Float> seen = new ArrayList<>();
        try (RankExecutor executor = new RankExecutor(program, plan, 0, backend.device(0), mesh)) {
            executor.input("x").write(new float[] {1, 1, 1, 1});
            executor.input("sum").write(new float[4]);
            executor.beforeWrites(Map.of("sum", () -> {
                float[] values = new float[4];
                executor.input("sum").read(values);
                seen.add(values[3]);
            }));
            for (int run = 0; run < 3; run++) {
                executor.run();
                float[] values = new float[4];
                executor.output("doubled").read(values);
                assertThat(values).containsOnly(4f * run);
            }
        }
        assertThat(seen).containsExactly(0f, 2f, 4f);
    }
}
