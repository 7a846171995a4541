package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An optimizer whose state has fewer dims than its parameters. */
class FactoredStateTest {
    private static final double TOLERANCE = 1e-10;
    private static final int BATCH = 8;

    /** The second moments of Shazeer and Stern 2018, "Adafactor": of a matrix, sums of its rows and of its columns. */
    private static final class Factored implements Optimizer {
        @Override
        public List<String> stateNames(Param declared) {
            return List.of("rows", "columns");
        }

        @Override
        public Set<Integer> stateDims(String name, Param declared, int numDims) {
            return numDims < 2 ? Set.of() : Set.of(name.equals("rows") ? 0 : 1);
        }

        @Override
        public Updates begin(Tensor step, DType dtype) {
            return (declared, value, gradient, state) -> {
                Tensor squares = gradient.square();
                boolean isMatrix = declared.shape().numDims() == 2;
                Tensor rows = averaged(state.get(0), isMatrix ? squares.sum(1, true) : squares.sum(0, true));
                Tensor columns = averaged(state.get(1), squares.sum(0, true));
                Tensor moment = isMatrix ? rows.mul(columns).div(rows.sum(0, true)) : rows;
                return new Updated(
                        value.sub(gradient.mul(moment.add(1e-6).rsqrt()).mul(0.1)), List.of(rows, columns));
            };
        }

        private static Tensor averaged(Tensor before, Tensor now) {
            return before.mul(0.9).add(now.mul(0.1));
        }
    }

    /** Dims that no mesh here divides are padded where they are kept. */
    private static final class TwoLayers extends Network {
        private final Param first =
                param("first", shape(6, 8), Initializers.heNormal()).sharded(spec(null, "model"));
        private final Param bias = param("bias", shape(8), Initializers.zeros()).sharded(spec("model"));
        private final Param second =
                param("second", shape(8, 5), Initializers.heNormal()).sharded(spec("model", null));

        @Override
        public List<BatchField> batchFields() {
            return List.of(BatchField.floats("x", 6), BatchField.ints("y"));
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            return pass.mean(field(batch, "x")
                    .matmul(first)
                    .add(bias)
                    .gelu()
                    .matmul(second)
                    .crossEntropy(field(batch, "y")));
        }
    }

    static Stream<Arguments> layouts() {
        return Stream.of(new int[][] {{1, 1}, {2, 1}, {4, 1}, {1, 2}, {2, 2}})
                .flatMap(mesh -> IntStream.of(0, 1, 2, 3).mapToObj(zero -> Arguments.of(mesh[0], mesh[1], zero)));
    }

    @ParameterizedTest(name = "{0}x{1}, zero={2}")
    @MethodSource("layouts")
    void stateOfFewerDimsIsUpdatedAlikeOnEveryMesh(int data, int model, int zero) {
        TrainStepGraph whole = TrainStepGraph.trace(
                new TwoLayers(),
                new Factored(),
                CompiledStep.CLIP,
                CompiledStep.exact(TestMeshes.dataModel(1, 1), BATCH, 1));
        assertThat(whole.states().stream().filter(state -> state.kind() == StateBinding.Kind.OPTIMIZER))
                .extracting(state -> state.name() + state.shape())
                .containsExactlyInAnyOrder(
                        "first.rows[6, 1]",
                        "first.columns[1, 8]",
                        "bias.rows[1]",
                        "bias.columns[1]",
                        "second.rows[8, 1]",
                        "second.columns[1, 5]");
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), 4);
        // Sums of squares.
        inputs.forEach((name, tensor) -> {
            if (name.endsWith(".rows") || name.endsWith(".columns")) {
                Arrays.setAll(tensor.data(), i -> Math.abs(tensor.data()[i]));
            }
        });
        Map<String, HostTensor> expected = ReferenceInterpreter.run(whole.graph(), inputs);
        CompiledStep compiled = CompiledStep.of(
                new TwoLayers(),
                new Factored(),
                CompiledStep.CLIP,
                CompiledStep.exact(
                        TestMeshes.dataModel(data, model),
                        BATCH,
                        1,
                        StrategyConfig.defaults().withZero(zero)));
        Map<String, HostTensor> actual = ProgramInterpreter.run(
                compiled.program(), StepInputs.padded(inputs, compiled.step().graph()));
        assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        expected.forEach((label, value) -> assertThat(
                        StepInputs.relativeError(StepInputs.resized(actual.get(label), value.type()), value, 1e-6))
                .as(label)
                .isLessThan(TOLERANCE));
    }

    @Test
    void aParameterKeptInAViewHasNoOtherDims() {
        StorageLayout viewed = StorageLayout.splitOver(TestMeshes.dataModel(4, 2), "data", shape(6), spec("model"));
        assertThat(viewed.view()).isEqualTo(shape(2, 3));
        assertThatThrownBy(() -> viewed.along(Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("optimizer state of other dims than its parameter cannot be split like it: ")
                .hasMessageEndingWith("Leave a dim of the parameter unsharded, or lower strategy.zero.");
        assertThat(viewed.along(Set.of(0))).isEqualTo(viewed);
    }
}
