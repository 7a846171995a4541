package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The cases that all backends are tested with, against the reference in double precision. */
class OpsMatchReferenceTest {
    /** A few dozen roundings, relative to the largest element of the result. */
    private static final double ROUNDINGS = 50;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16", "FLOAT64"})
    void everyOpWithKernelsMatchesTheReference(CudaType type) {
        for (OpCase example : supported(type)) {
            for (int shift = 0; shift < 2; shift++) {
                try (OpRun run = new OpRun(example.op(), example.operands(), type, shift, -1)) {
                    check(run, shift);
                }
            }
        }
    }

    @Test
    void aResultMayTakeTheMemoryOfAnOperandThatTheOpNames() {
        for (OpCase example : supported(CudaType.FLOAT32)) {
            for (int operand : example.op().inPlaceOperands()) {
                HostTensor result = example.results().get(0);
                if (example.operands().get(operand).type().equals(result.type())) {
                    try (OpRun run = new OpRun(example.op(), example.operands(), CudaType.FLOAT32, 0, operand)) {
                        check(run, 7);
                    }
                }
            }
        }
    }

    /** What steps of GPT, Llama, MLP and recurrent layers consist of, but for matrix products. */
    @Test
    void theTableHasTheOpsOfTrainingSteps() {
        Set<String> names = new TreeSet<>();
        supported(CudaType.FLOAT32).forEach(example -> names.add(example.op().name()));
        assertThat(names)
                .contains(
                        "causal_attention",
                        "causal_attention_grad",
                        "reduce_sum",
                        "square",
                        "mul",
                        "adamw",
                        "reshape",
                        "add",
                        "slice",
                        "transpose",
                        "add_n",
                        "layer_norm",
                        "layer_norm_grad",
                        "rms_norm",
                        "rms_norm_grad",
                        "rotary",
                        "cast",
                        "sub_scalar",
                        "pow_scalar",
                        "gelu",
                        "gelu_grad",
                        "silu",
                        "silu_grad",
                        "relu_grad",
                        "fill",
                        "concat",
                        "pad",
                        "sqrt",
                        "reciprocal",
                        "min_scalar",
                        "scatter_add_rows",
                        "gather_rows",
                        "cross_entropy",
                        "cross_entropy_grad",
                        "broadcast_to",
                        "random_uniform",
                        "lstm",
                        "lstm_grad",
                        "simple_rnn",
                        "simple_rnn_grad");
    }

    private static List<OpCase> supported(CudaType type) {
        List<OpCase> cases = new ArrayList<>();
        for (OpCase example : OpCases.all()) {
            if (OpRun.isSupported(example.op(), example.operands(), type)) {
                cases.add(example);
            }
        }
        return cases;
    }

    static void check(OpRun run, long seed) {
        List<double[]> actual = run.run(seed);
        for (int i = 0; i < actual.size(); i++) {
            double[] truth = run.truth().get(i).data();
            double tolerance = tolerance(run.resultType(i), run.roundings());
            double largest = 1e-30;
            for (double value : truth) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int k = 0; k < truth.length; k++) {
                double difference = Math.abs(actual.get(i)[k] - truth[k]);
                boolean near = difference <= tolerance * largest || actual.get(i)[k] == truth[k];
                assertThat(near)
                        .as(
                                "%s, result %s, position %s: expected %s, actual %s, largest %s",
                                run, i, k, truth[k], actual.get(i)[k], largest)
                        .isTrue();
            }
        }
    }

    /**
     * Relative to the largest element; in bfloat16 little matters but the {@code roundings} in a row, and the
     * reference's.
     */
    private static double tolerance(CudaType type, long roundings) {
        return switch (type) {
            case FLOAT64 -> ROUNDINGS * 0x1.0p-53;
            case FLOAT32 -> ROUNDINGS * 0x1.0p-24;
            case BFLOAT16 -> roundings * 1.01 * 0x1.0p-8;
            default -> 0;
        };
    }
}
