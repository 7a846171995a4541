package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Linear;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A partitioned step of a recurrent network equals the same step on one device, in double precision. */
class RecurrentStepTest {
    /** As in {@link PartitionedStepTest}: the order of double sums. */
    private static final double TOLERANCE = 1e-10;

    private static final int BATCH = 8;

    @ParameterizedTest(name = "{0}x{1}, zero={2}, columns split: {3}")
    @CsvSource({
        "1, 1, 0, false",
        "2, 1, 0, false",
        "4, 1, 2, false",
        "2, 2, 0, false",
        "2, 1, 3, false",
        "1, 2, 0, true",
        "2, 2, 0, true",
        "1, 4, 0, true"
    })
    void equalsTheStepOnOneDevice(int data, int model, int zero, boolean splitColumns) {
        Mesh one = TestMeshes.dataModel(1, 1);
        TrainStepGraph whole = TrainStepGraph.trace(
                new RecurrentNet(splitColumns),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                CompiledStep.exact(one, BATCH, 1));
        Map<String, HostTensor> inputs = StepInputs.of(whole.graph(), 3);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(whole.graph(), inputs);
        CompiledStep compiled = CompiledStep.of(
                new RecurrentNet(splitColumns),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                CompiledStep.exact(
                        TestMeshes.dataModel(data, model),
                        BATCH,
                        1,
                        StrategyConfig.defaults().withZero(zero)));
        Map<String, HostTensor> actual = ProgramInterpreter.run(
                compiled.program(), StepInputs.padded(inputs, compiled.step().graph()));
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((label, value) -> assertThat(
                        StepInputs.relativeError(StepInputs.resized(actual.get(label), value.type()), value, 1e-6))
                .as("relative error of %s", label)
                .isLessThanOrEqualTo(TOLERANCE));
    }

    /** An LSTM with peepholes and mask, a recurrent layer without gates, and the last step's class. */
    private static final class RecurrentNet extends Network {
        private static final int INPUTS = 3;
        private static final int STEPS = 3;
        private static final int UNITS = 4;

        private final Param weight;
        private final Param bias;
        private final Param recurrent = param("recurrent", shape(UNITS, 4 * UNITS), Initializers.lecunNormal());
        private final Param peepholes = param("peepholes", shape(3, UNITS), Initializers.lecunNormal());
        private final Param second = param("second", shape(UNITS, UNITS), Initializers.lecunNormal());
        private final Linear out = child("out", new Linear(UNITS, 3, Initializers.lecunNormal()));

        RecurrentNet(boolean splitColumns) {
            Param columns = param("weight", shape(INPUTS, 4 * UNITS), Initializers.lecunNormal());
            Param shift = param("bias", shape(4 * UNITS), Initializers.zeros());
            weight = splitColumns ? columns.sharded(spec(null, "model")) : columns;
            bias = splitColumns ? shift.sharded(spec("model")) : shift;
        }

        @Override
        public List<BatchField> batchFields() {
            return List.of(
                    BatchField.floats("x", STEPS, INPUTS),
                    BatchField.floats("mask", STEPS),
                    BatchField.ints("y").below(3));
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor x = batch.get("x");
            Tensor mask = batch.get("mask").greaterThan(0);
            Tensor state = x.sum(1, 2)
                    .mul(0)
                    .reshape(x.shape().dim(0), 1)
                    .broadcastTo(shape(x.shape().dim(0), UNITS));
            Tensor y = x.matmul(weight)
                    .add(bias)
                    .apply(
                            new Lstm(Activation.TANH, Activation.SIGMOID, true, true, false),
                            recurrent,
                            state,
                            state,
                            peepholes,
                            mask)
                    .get(0);
            Tensor z = y.apply(new SimpleRnn(Activation.TANH, false, true), second, state)
                    .get(0);
            Tensor last = z.slice(1, 0, 1).reshape(x.shape().dim(0), UNITS);
            return pass.mean(out.call(last).crossEntropy(batch.get("y")));
        }
    }
}
