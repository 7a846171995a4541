package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.cuda.AttentionKernels.Cores;
import dev.tartan.backend.cuda.AttentionLaunches.Form;
import dev.tartan.backend.cuda.HostCuda.Barrier;
import dev.tartan.graph.Reduction;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.Reduce;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Softmax;
import dev.tartan.op.Transpose;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each barrier in each kernel is needed, and the tests would notice if it were not there. */
class BarriersTest {
    private static final int SEEDS = 6;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    /** Rows so long that a block does each, so that warps must wait for each other. */
    private static final CudaType TYPE = CudaType.FLOAT32;

    @Test
    void ofReductionsOverRows() {
        HostTensor x = Inputs.normal(TYPE, 1, 3, 2100);
        assertEachIsNeeded(new LayerNorm(1e-5), x, Inputs.normal(TYPE, 2, 2100), Inputs.normal(TYPE, 3, 2100));
        assertEachIsNeeded(new Softmax(), x);
    }

    @Test
    void ofGradientsOfNorms() {
        HostTensor x = Inputs.normal(TYPE, 1, 3, 2100);
        HostTensor dy = Inputs.normal(TYPE, 4, 3, 2100);
        HostTensor gamma = Inputs.normal(TYPE, 2, 2100);
        HostTensor mean = Inputs.normal(TYPE, 5, 3);
        HostTensor rstd = Inputs.scaled(TYPE, 6, 0.1, 1, 3);
        assertEachIsNeeded(new LayerNormGrad(), dy, x, gamma, mean, rstd);
        // One reduction a row, so it takes more rows than there are blocks.
        long rows = 270;
        assertEachIsNeeded(
                new RmsNormGrad(),
                Inputs.normal(TYPE, 4, rows, 1028),
                Inputs.normal(TYPE, 1, rows, 1028),
                Inputs.normal(TYPE, 2, 1028),
                Inputs.scaled(TYPE, 6, 0.1, 1, rows));
    }

    @Test
    void ofReductionsOverColumns() {
        assertEachIsNeeded(new Reduce(Reduction.SUM, List.of(1)), Inputs.normal(TYPE, 1, 3, 30, 70));
    }

    @Test
    void ofTransposes() {
        assertEachIsNeeded(new Transpose(List.of(0, 2, 1)), Inputs.normal(TYPE, 1, 3, 40, 50));
    }

    @ParameterizedTest
    @EnumSource
    void ofAttention(Cores cores) {
        // Two tiles of keys or of queries, so that shared memory is used again.
        Form form = new Form(cores == Cores.SCALAR ? TYPE : CudaType.BFLOAT16, 1, 1, 1, 70, 70, 64, true, 0.3);
        try (AttentionRun run = new AttentionRun(form, cores, AttentionRun.Order.HEADS_OUTSIDE)) {
            for (Launch launch : run.launches()) {
                assertEachIsNeeded(launch, seed -> {
                    run.clear();
                    for (Launch each : run.launches()) {
                        if (!HostCuda.tryRun(each, seed).isEmpty()) {
                            return null;
                        }
                    }
                    List<double[]> results = new ArrayList<>(run.gradients());
                    results.add(run.out());
                    return results;
                });
            }
        }
    }

    private static void assertEachIsNeeded(dev.tartan.graph.Op op, HostTensor... operands) {
        try (OpRun run = new OpRun(op, List.of(operands), TYPE, 0, -1)) {
            run.useOneBlockInZ();
            assertEachIsNeeded(run.launches().get(0), run::tryRun);
        }
    }

    /** {@code results} of a seed are null if a launch failed. */
    private static void assertEachIsNeeded(Launch launch, LongFunction<List<double[]>> results) {
        List<double[]> right = results.apply(1);
        assertThat(right).isNotNull();
        assertThat(HostCuda.tryRun(launch, 1)).isEmpty();
        List<Barrier> barriers = HostCuda.lastBarriers();
        assertThat(barriers.isEmpty())
                .as("%s has no barriers", launch.kernel())
                .isEqualTo(launch.kernel().expression().startsWith("attention_delta"));
        Set<String> unnoticed = new TreeSet<>();
        for (Barrier barrier : barriers) {
            boolean noticed = HostCuda.without(barrier, () -> {
                for (int seed = 1; seed <= SEEDS; seed++) {
                    List<double[]> now = results.apply(seed);
                    if (now == null || !equal(now, right)) {
                        return true;
                    }
                }
                return false;
            });
            if (!noticed) {
                unnoticed.add(barrier.file() + ":" + barrier.line());
            }
        }
        assertThat(unnoticed)
                .as("barriers of %s that nothing would miss", launch.kernel())
                .isEmpty();
        assertThat(equal(results.apply(2), right))
                .as("results repeat bit by bit")
                .isTrue();
    }

    private static boolean equal(List<double[]> a, List<double[]> b) {
        for (int i = 0; i < a.size(); i++) {
            if (!Arrays.equals(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }
}
