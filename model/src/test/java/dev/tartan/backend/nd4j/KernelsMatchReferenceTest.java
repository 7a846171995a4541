package dev.tartan.backend.nd4j;

import dev.tartan.backend.KernelLibrary;
import dev.tartan.op.AdamW;
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

    @Test
    void aResultMayTakeTheMemoryOfAnOperandThatTheOpNames() {
        for (OpCase example : cases()) {
            for (int operand : example.op().inPlaceOperands()) {
                boolean fits = example.operands()
                        .get(operand)
                        .type()
                        .equals(example.results().get(0).type());
                if (fits) {
                    KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, example, List.of(operand));
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
