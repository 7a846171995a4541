package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Unary;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A chain in one kernel gives what its ops' kernels give in float32 one by one, rounded once, to the bit. */
class ChainTest {
    private static final List<FusedElementwise> CHAINS = List.of(
            chain(2, step(new ScalarBinary(BinaryKind.MUL, 0.3, false), 0), step(new Binary(BinaryKind.ADD), 2, 1)),
            chain(
                    3,
                    step(new Binary(BinaryKind.ADD), 0, 2),
                    step(new Activate(Activation.GELU), 3),
                    step(new ScalarBinary(BinaryKind.DIV, 2, true), 1),
                    step(new AddN(), 4, 5, 0)),
            chain(
                    3,
                    step(new Unary(Unary.Kind.SQUARE), 0),
                    step(new ActivateGrad(Activation.SILU), 0, 1),
                    step(new Binary(BinaryKind.SUB), 4, 3),
                    step(new Binary(BinaryKind.MUL), 5, 5),
                    step(new Binary(BinaryKind.MAX), 6, 2)));

    /** Operands of one shape, the last one also a row or a number; whole packs and not, aligned and not. */
    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void chainsAreExact(CudaType type) {
        Shape whole = Shape.shape(5, 24);
        for (FusedElementwise chain : CHAINS) {
            for (int shift : List.of(0, 1)) {
                check(chain, operands(chain, whole, whole), type, shift);
                check(chain, operands(chain, whole, Shape.shape(24)), type, shift);
                check(chain, operands(chain, whole, Shape.shape()), type, shift);
                check(chain, operands(chain, Shape.shape(7, 3), Shape.shape(3)), type, shift);
            }
        }
    }

    /** The result may be written over an operand of its shape. */
    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void chainsWorkInPlace(CudaType type) {
        FusedElementwise chain = CHAINS.get(0);
        List<HostTensor> operands = operands(chain, Shape.shape(301), Shape.shape(301));
        try (OpRun apart = new OpRun(chain, operands, type, 0, -1);
                OpRun inPlace = new OpRun(chain, operands, type, 0, 0)) {
            assertThat(inPlace.run(1).get(0)).isEqualTo(apart.run(2).get(0));
        }
    }

    private static void check(FusedElementwise chain, List<HostTensor> operands, CudaType type, int shift) {
        List<HostTensor> values = new ArrayList<>(
                operands.stream().map(operand -> round(operand, type)).toList());
        for (FusedElementwise.Step step : chain.steps()) {
            List<HostTensor> arguments =
                    step.arguments().stream().map(values::get).toList();
            try (OpRun single = new OpRun(step.op(), arguments, CudaType.FLOAT32, shift, -1)) {
                values.add(new HostTensor(
                        single.truth().get(0).type(), single.run(1).get(0)));
            }
        }
        try (OpRun fused = new OpRun(chain, operands, type, shift, -1)) {
            assertThat(fused.launches()).hasSize(1);
            assertThat(fused.run(1).get(0))
                    .as("%s of %s", chain.attributes(), type)
                    .isEqualTo(round(values.get(values.size() - 1), type).data());
        }
    }

    private static HostTensor round(HostTensor tensor, CudaType type) {
        return new HostTensor(
                tensor.type(),
                Arrays.stream(tensor.data())
                        .map(value -> Inputs.round(type, value))
                        .toArray());
    }

    private static List<HostTensor> operands(FusedElementwise chain, Shape shape, Shape last) {
        List<HostTensor> operands = new ArrayList<>();
        Random random = new Random(7);
        for (int i = 0; i < chain.numOperands(); i++) {
            Shape own = i == chain.numOperands() - 1 ? last : shape;
            operands.add(new HostTensor(
                    new TensorType(DType.FLOAT64, own),
                    random.doubles(own.numElements(), -3, 3).toArray()));
        }
        return operands;
    }

    private static FusedElementwise chain(int numOperands, FusedElementwise.Step... steps) {
        return new FusedElementwise(numOperands, List.of(steps));
    }

    private static FusedElementwise.Step step(Op op, Integer... arguments) {
        return new FusedElementwise.Step(op, List.of(arguments));
    }
}
