package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParamTest {
    private static final Mesh MESH = Mesh.of(Device.cpus(4), shape(2, 2), "data", "model");

    private static final class Holder extends Module {
        final Param param;

        Holder(Shape shape, Initializer initializer) {
            param = param("w", shape, initializer);
        }
    }

    private static Param param(long... dims) {
        return new Holder(shape(dims), Initializers.normal(0.02)).param;
    }

    @ParameterizedTest
    @ValueSource(strings = {"- -", "model -", "data model", "model data"})
    void shardsPutTogetherEqualTheWhole(String axes) {
        Param param = param(6, 4);
        float[] whole = param.initialValues(5, new long[] {0, 0}, new long[] {6, 4});
        String[] names = axes.split(" ", -1);
        PartitionSpec spec = spec(names[0].equals("-") ? null : names[0], names[1].equals("-") ? null : names[1]);
        for (int rank = 0; rank < 4; rank++) {
            List<ShardRange> block = ShardRange.block(NamedSharding.of(MESH, spec), shape(6, 4), rank);
            long[] starts = block.stream().mapToLong(ShardRange::start).toArray();
            long[] sizes = block.stream().mapToLong(ShardRange::size).toArray();
            float[] shard = param.initialValues(5, starts, sizes);
            for (int i = 0; i < sizes[0]; i++) {
                for (int j = 0; j < sizes[1]; j++) {
                    assertThat(shard[(int) (i * sizes[1] + j)])
                            .isEqualTo(whole[(int) ((starts[0] + i) * 4 + starts[1] + j)]);
                }
            }
        }
    }

    @Test
    void paddingIsZeroAndMovesNoOtherValue() {
        Param param = param(3, 2);
        float[] whole = param.initialValues(5, new long[] {0, 0}, new long[] {3, 2});
        float[] padded = param.initialValues(5, new long[] {2, 0}, new long[] {2, 2});
        assertThat(padded).containsExactly(whole[4], whole[5], 0, 0);
    }

    @Test
    void seedAndNameGiveDifferentValues() {
        Param param = param(8);
        float[] values = param.initialValues(1, new long[] {0}, new long[] {8});
        assertThat(param.initialValues(1, new long[] {0}, new long[] {8})).isEqualTo(values);
        assertThat(param.initialValues(2, new long[] {0}, new long[] {8})).isNotEqualTo(values);
        Mlp mlp = new Mlp(8, List.of(8), 8, dev.tartan.op.Activation.RELU);
        float[] first = mlp.parameters().get("layers.0.weight").initialValues(1, new long[2], new long[] {1, 8});
        float[] second = mlp.parameters().get("layers.1.weight").initialValues(1, new long[2], new long[] {1, 8});
        assertThat(first).isNotEqualTo(second);
    }

    @Test
    void normalHasItsDeviationAndLecunDividesByFanIn() {
        assertThat(deviation(Initializers.normal(0.02), shape(100, 100))).isCloseTo(0.02, within(0.0005));
        assertThat(deviation(Initializers.lecunNormal(), shape(400, 25))).isCloseTo(0.05, within(0.001));
    }

    private static double deviation(Initializer initializer, Shape shape) {
        float[] values = new Holder(shape, initializer).param.initialValues(3, new long[2], shape.dims());
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares / values.length);
    }

    @Test
    void indivisibleDimIsAnErrorThatNamesIt() {
        Param param = param(6, 5).sharded(spec(null, "model"));
        assertThatThrownBy(() -> ParamLayout.of(param, MESH))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dim 1 of 'w' is not divisible by mesh axis 'model': dimSize=5, axisSize=2. Choose sizes"
                        + " that the axis divides, or leave the dim replicated.");
    }

    @Test
    void paddableDimIsPaddedToTheNextMultiple() {
        Param param = param(5, 4).sharded(spec("model", null)).paddable(0);
        assertThat(ParamLayout.of(param, MESH))
                .isEqualTo(new ParamLayout(
                        shape(6, 4),
                        spec("model", null),
                        "dim 0 of 'w' is not divisible by mesh axis 'model': dimSize=5, axisSize=2. It is padded to"
                                + " 6."));
    }

    @Test
    void keysOfFewerHeadsThanRanksAreLeftWhole() {
        Llama llama = new Llama(new LlamaConfig(256, 16, 32, 1, 4, 2, 64, 10000, 1e-5, false, 0));
        Mesh mesh = Mesh.of(Device.cpus(4), shape(1, 4), "data", "model");
        Param key = llama.parameters().get("model.layers.0.self_attn.k_proj.weight");
        ParamLayout layout = ParamLayout.of(key, mesh);
        assertThat(layout.spec().isReplicated()).isTrue();
        assertThat(layout.note()).endsWith("dimSize=2, axisSize=4. It is left replicated.");
        assertThat(ParamLayout.of(key, MESH).spec()).isEqualTo(spec("model", null, null));
    }

    @Test
    void fileShapeMustHoldTheSameElements() {
        assertThatThrownBy(() -> param(6, 5).inFileAs(shape(5, 5)))
                .hasMessage("file shape of 'w' has another number of elements: fileShape=[5, 5], shape=[6, 5]. Give a"
                        + " reshape.");
    }
}
