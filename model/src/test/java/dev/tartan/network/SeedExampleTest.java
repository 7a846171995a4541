package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static dev.tartan.network.Initializers.lecunNormal;
import static dev.tartan.network.Initializers.zeros;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The example that the README shows. */
class SeedExampleTest {
    @Test
    void seedExampleWorksAsItReads() {
        List<Device> devices = Device.cpus(4);

        Mesh mesh = Mesh.of(devices, shape(2, 2), "data", "model");
        class ShardedLinear extends Module {
            final Param weight, bias;

            ShardedLinear(int in, int out) {
                weight = param("weight", shape(in, out), lecunNormal()).sharded(spec(null, "model"));
                bias = param("bias", shape(out), zeros()).sharded(spec("model"));
            }

            Tensor call(Tensor x) {
                return x.matmul(weight).add(bias);
            } // distributed automatically
        }

        ShardedLinear layer = new ShardedLinear(8, 4);
        GraphBuilder graph = new GraphBuilder("seed");
        Tensor y = layer.call(Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(16, 8))));

        assertThat(graph.build(Map.of("y", y.value()))).hasToString("""
                graph seed {
                  input %0:x f32[16, 8]
                  input %1:weight f32[8, 4]
                  input %3:bias f32[4]
                  %2:f32[16, 4] = einsum "xy,yz->xz" (%0:x, %1:weight)
                  %4:f32[16, 4] = add (%2, %3:bias)
                  output y = %4
                }
                """);
        assertThat(layer.parameters().keySet()).containsExactly("weight", "bias");
        assertThat(ParamLayout.of(layer.weight, mesh))
                .isEqualTo(new ParamLayout(shape(8, 4), spec(null, "model"), null));
    }
}
