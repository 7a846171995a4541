package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the compiler makes of reshards that the direct way is not the cheapest for. */
class CompiledReshardTest {
    @Test
    void anOutputWithItsAxesSwappedIsPermuted() {
        GraphBuilder graph = new GraphBuilder("swap");
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(8, 6)));
        Program program = PartitionGraph.run(
                TestMeshes.dataModel(2, 2),
                graph.build(Map.of("y", x.neg().value())),
                Map.of(x.value(), spec("data", "model")),
                Map.of("y", spec("model", "data")));
        assertThat(program.toString()).isEqualTo("""
                        program swap on mesh(data=2, model=2) {
                          input %0:f32[4, 3] x of f32[8, 6] [data, model]
                          %1:f32[4, 3] = neg (%0)
                          %2:f32[4, 3] = permute over data.model from 0 2 1 3 (%1)
                          output y = %2 [model, data]
                        }
                        """);
    }

    @Test
    void furtherCollectivesAreWorthTheirWhileForLargeSumsOnly() {
        assertThat(sumOverData(64)).containsExactly("all_reduce");
        assertThat(sumOverData(1 << 20)).containsExactly("all_reduce", "all_gather");
    }

    /** Summed over {@code data}, and the same on all ranks of {@code model}. */
    private static Iterable<String> sumOverData(long columns) {
        GraphBuilder graph = new GraphBuilder("sum");
        Mesh mesh = TestMeshes.dataModel(4, 2);
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(4, columns)));
        Program program = PartitionGraph.run(
                mesh,
                graph.build(Map.of("y", x.sum(0).value())),
                Map.of(x.value(), spec("data", null)),
                Map.of("y", PartitionSpec.replicated(1)));
        return Communication.of(program).ops();
    }
}
