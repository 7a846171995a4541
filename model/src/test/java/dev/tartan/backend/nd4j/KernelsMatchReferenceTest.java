package dev.tartan.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.KernelLibrary;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AdamW;
import dev.tartan.op.Cast;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every op, as ND4J alone computes it and with the host kernels in front. */
class KernelsMatchReferenceTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(2);
    private static final KernelLibrary ND4J_ALONE = Nd4jKernels.primitives().build();

    @BeforeAll
    static void attach() {
        BACKEND.device(0).attachThread();
    }

    private static List<OpCase> cases() {
        return OpCases.all().stream()
                .flatMap(example -> Stream.of(example, TypedCases.toFloat32(example)))
                .toList();
    }

    @Test
    void nd4jAloneMatchesTheReference() {
        cases().forEach(example -> KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, example, List.of()));
    }

    @Test
    void hostKernelsMatchTheReference() {
        cases().forEach(example -> KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), example, List.of()));
    }

    private static List<OpCase> halves() {
        return OpCases.all().stream()
                .flatMap(example -> Stream.of(DType.BFLOAT16, DType.FLOAT16)
                        .map(dtype -> TypedCases.to(dtype, example))
                        .filter(typed -> typed.operandTypes().stream()
                                        .anyMatch(type -> type.dtype().isHalf())
                                || typed.results().stream()
                                        .anyMatch(
                                                result -> result.type().dtype().isHalf())))
                .toList();
    }

    @Test
    void sixteenBitFloatsAreComputedInFloat32AndRoundedOnce() {
        assertThat(halves()).hasSizeGreaterThan(200);
        halves().forEach(
                        example -> KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), example, List.of()));
    }

    @Test
    void aCastConvertsBetweenAllFloats() {
        double[] values = {0, -0.0, 1, -1.0 / 3, 3.14159265, 65504, 1e-3, 0x1p-20, 123456789 / 1e6};
        List<DType> floats = List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16);
        for (DType from : floats) {
            OpCase wide = new OpCase(new Cast(DType.FLOAT64), List.of(HostTensor.of(Shape.shape(9), values)));
            for (DType to : floats) {
                OpCase example =
                        new OpCase(new Cast(to), TypedCases.to(from, wide).operands());
                HostTensor actual = KernelRun.run(BACKEND, BACKEND.kernels(), example.op(), example.operands())
                        .get(0);
                double[] expected = TypedCases.to(
                                to,
                                new OpCase(
                                        new Cast(to),
                                        List.of(HostTensor.of(
                                                Shape.shape(9),
                                                example.operands().get(0).data()))))
                        .operands()
                        .get(0)
                        .data();
                assertThat(actual.data()).as(from + " to " + to).isEqualTo(expected);
            }
        }
    }

    @Test
    void aResultMayTakeTheMemoryOfAnOperandThatTheOpNames() {
        for (OpCase example : Stream.concat(cases().stream(), halves().stream()).toList()) {
            for (int operand : example.op().inPlaceOperands()) {
                boolean fits = example.operands()
                        .get(operand)
                        .type()
                        .equals(example.results().get(0).type());
                boolean isHalf = example.results().get(0).type().dtype().isHalf();
                if (fits && !isHalf) {
                    KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, example, List.of(operand));
                }
                if (fits) {
                    KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), example, List.of(operand));
                }
            }
        }
    }

    @Test
    void adamWMayOverwriteParameterAndMoments() {
        List<OpCase> updates = new ArrayList<>(cases());
        updates.removeIf(example -> !(example.op() instanceof AdamW));
        for (OpCase update : updates) {
            KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, update, List.of(0, 2, 3));
            KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), update, List.of(0, 2, 3));
        }
    }
}
