package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.autodiff.Gradients;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.Initializers;
import dev.tartan.network.Module;
import dev.tartan.network.Param;
import dev.tartan.network.ParamLayout;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Partitioned programs, word for word. */
class ProgramTextTest {
    /** The seed example. */
    static final class ShardedLinear extends Module {
        final Param weight;
        final Param bias;

        ShardedLinear(int in, int out) {
            weight = param("weight", shape(in, out), Initializers.lecunNormal()).sharded(spec(null, "model"));
            bias = param("bias", shape(out), Initializers.zeros()).sharded(spec("model"));
        }

        Tensor call(Tensor x) {
            return x.matmul(weight).add(bias);
        }
    }

    /** Column then row. */
    static final class MlpBlock extends Module {
        final Param up = param("up", shape(16, 32), Initializers.zeros()).sharded(spec(null, "model"));
        final Param down = param("down", shape(32, 16), Initializers.zeros()).sharded(spec("model", null));

        Tensor call(Tensor x) {
            return x.add(x.matmul(up).gelu().matmul(down));
        }
    }

    @Test
    void shardedLinearNeedsNoCommunication() {
        ShardedLinear layer = new ShardedLinear(16, 32);
        GraphBuilder graph = new GraphBuilder("linear");
        Tensor x = input(graph);
        Tensor y = layer.call(x);
        assertThat(compile(graph, layer, x, y, spec("data", "model"))).isEqualTo("""
                        program linear on mesh(data=2, model=2) {
                          input %0:f32[4, 16] x of f32[8, 16] [data, -]
                          input %1:f32[16, 16] weight of f32[16, 32] [-, model]
                          input %2:f32[16] bias of f32[32] [model]
                          %3:f32[4, 16] = einsum "xy,yz->xz" (%0, %1)
                          %4:f32[4, 16] = add (%3, %2)
                          output y = %4 [data, model]
                        }
                        """);
    }

    @Test
    void columnThenRowNeedsOneAllReduce() {
        MlpBlock block = new MlpBlock();
        GraphBuilder graph = new GraphBuilder("mlp");
        Tensor x = input(graph);
        Tensor y = block.call(x);
        assertThat(compile(graph, block, x, y, spec("data", null))).isEqualTo("""
                        program mlp on mesh(data=2, model=2) {
                          input %0:f32[4, 16] x of f32[8, 16] [data, -]
                          input %1:f32[16, 16] up of f32[16, 32] [-, model]
                          input %2:f32[16, 16] down of f32[32, 16] [model, -]
                          %3:f32[4, 16] = einsum "xy,yz->xz" (%0, %1)
                          %4:f32[4, 16] = gelu (%3)
                          %5:f32[4, 16]+{model} = einsum "xy,yz->xz" (%4, %2)
                          %6:f32[4, 16] = all_reduce over model (%5)
                          %7:f32[4, 16] = add (%0, %6)
                          output y = %7 [data, -]
                        }
                        """);
    }

    @Test
    void aWholeOutputIsGatheredFromBothAxes() {
        ShardedLinear layer = new ShardedLinear(16, 32);
        GraphBuilder graph = new GraphBuilder("linear");
        Tensor x = input(graph);
        Tensor y = layer.call(x);
        assertThat(compile(graph, layer, x, y, spec(null, null))).isEqualTo("""
                        program linear on mesh(data=2, model=2) {
                          input %0:f32[4, 16] x of f32[8, 16] [data, -]
                          input %1:f32[16, 16] weight of f32[16, 32] [-, model]
                          input %2:f32[16] bias of f32[32] [model]
                          %3:f32[4, 16] = einsum "xy,yz->xz" (%0, %1)
                          %4:f32[4, 16] = add (%3, %2)
                          %5:f32[2, 4, 16] = all_gather over data (%4)
                          %6:f32[8, 16] = reshape [8, 16] (%5)
                          %7:f32[2, 8, 16] = all_gather over model (%6)
                          %8:f32[8, 2, 16] = transpose [1, 0, 2] (%7)
                          %9:f32[8, 32] = reshape [8, 32] (%8)
                          output y = %9 [-, -]
                        }
                        """);
    }

    @Test
    void aLossAndItsGradientsStayUnreducedUntilTheyAreUsed() {
        MlpBlock block = new MlpBlock();
        GraphBuilder graph = new GraphBuilder("gradients");
        Tensor x = input(graph);
        Tensor loss = block.call(x).square().meanAll();
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("loss", loss.value());
        Tensor up = block.up.on(graph);
        outputs.put("up", up.sub(Gradients.of(loss, List.of(up)).get(0)).value());
        Program program = PartitionGraph.run(
                TestMeshes.dataModel(2, 2),
                graph.build(outputs),
                given(graph, block, x),
                Map.of("up", spec(null, "model")));
        assertThat(program.toString()).isEqualTo("""
                        program gradients on mesh(data=2, model=2) {
                          input %0:f32[4, 16] x of f32[8, 16] [data, -]
                          input %1:f32[16, 16] up of f32[16, 32] [-, model]
                          input %2:f32[16, 16] down of f32[32, 16] [model, -]
                          %3:f32[4, 16] = einsum "xy,yz->xz" (%0, %1)
                          %4:f32[4, 16] = gelu (%3)
                          %5:f32[4, 16]+{model} = einsum "xy,yz->xz" (%4, %2)
                          %6:f32[4, 16] = all_reduce over model (%5)
                          %7:f32[4, 16] = add (%0, %6)
                          %8:f32[4, 16] = square (%7)
                          %9:f32[]+{data} = reduce_sum [0, 1] (%8)
                          %10:f32[]+{data} = div_scalar x, 128.0 (%9)
                          %11:f32[] = fill 1.0 ()  // ~
                          %12:f32[] = div_scalar x, 128.0 (%11)  // ~
                          %13:f32[1, 1] = reshape [1, 1] (%12)  // ~
                          %14:f32[4, 16] = broadcast_to [4, 16] (%13)  // ~
                          %15:f32[4, 16] = mul (%14, %7)  // ~
                          %16:f32[4, 16] = mul_scalar x, 2.0 (%15)  // ~
                          %17:f32[4, 16] = einsum "xz,yz->xy" (%16, %2)  // ~
                          %18:f32[4, 16] = gelu_grad (%3, %17)  // ~
                          %19:f32[16, 16]+{data} = einsum "xy,xz->yz" (%0, %18)  // ~
                          %20:f32[16, 16] = all_reduce over data (%19)
                          %21:f32[16, 16] = sub (%1, %20)
                          %22:f32[] = all_reduce over data (%10)
                          output loss = %22 []
                          output up = %21 [-, model]
                        }
                        """);
    }

    private static Tensor input(GraphBuilder graph) {
        return Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(8, 16)));
    }

    private static String compile(GraphBuilder graph, Module module, Tensor x, Tensor y, PartitionSpec spec) {
        return PartitionGraph.run(
                        TestMeshes.dataModel(2, 2),
                        graph.build(Map.of("y", y.value())),
                        given(graph, module, x),
                        Map.of("y", spec))
                .toString();
    }

    private static Map<Value, PartitionSpec> given(GraphBuilder graph, Module module, Tensor x) {
        Map<Value, PartitionSpec> given = new LinkedHashMap<>();
        given.put(x.value(), spec("data", null));
        for (Param param : module.parameters().values()) {
            given.put(
                    param.on(graph).value(),
                    ParamLayout.of(param, TestMeshes.dataModel(2, 2)).spec());
        }
        return given;
    }
}
