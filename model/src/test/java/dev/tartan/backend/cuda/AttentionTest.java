package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.cuda.AttentionKernels.Cores;
import dev.tartan.backend.cuda.AttentionLaunches.Form;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention and its gradient against the formulas in double precision. */
class AttentionTest {
    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    /** As in {@code torch_errors.py}. */
    enum Example {
        CAUSAL(2, 3, 3, 150, 64, true),
        FULL(1, 2, 2, 77, 40, false),
        GROUPED(1, 4, 2, 70, 128, true),
        LARGE(1, 2, 1, 50, 200, true);

        private final int batch;
        private final int heads;
        private final int keyHeads;
        private final int positions;
        private final int size;
        private final boolean causal;

        Example(int batch, int heads, int keyHeads, int positions, int size, boolean causal) {
            this.batch = batch;
            this.heads = heads;
            this.keyHeads = keyHeads;
            this.positions = positions;
            this.size = size;
            this.causal = causal;
        }

        Form form(CudaType type) {
            return new Form(type, batch, heads, keyHeads, positions, positions, size, causal, 1 / Math.sqrt(size));
        }

        String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void float32ErrorsAreAtMostTwicePyTorchs(Example example) {
        check(example, CudaType.FLOAT32, Cores.SCALAR);
    }

    @ParameterizedTest
    @EnumSource
    void bfloat16ErrorsAreAtMostTwicePyTorchs(Example example) {
        check(example, CudaType.BFLOAT16, Cores.SCALAR);
    }

    @ParameterizedTest
    @EnumSource(names = "LARGE", mode = EnumSource.Mode.EXCLUDE)
    void tensorCoresErrorsAreAtMostTwicePyTorchs(Example example) {
        check(example, CudaType.BFLOAT16, Cores.TENSOR);
    }

    private static void check(Example example, CudaType type, Cores cores) {
        try (AttentionRun run = new AttentionRun(example.form(type), cores, AttentionRun.Order.HEADS_OUTSIDE)) {
            AttentionReference truth = run.truth();
            for (int seed = 0; seed < 2; seed++) {
                run.run(seed);
                String name = "attention_" + example.label() + ".?.0";
                TorchErrors.check(name, type, run.out(), truth.out());
                List<double[]> gradients = run.gradients();
                List<double[]> expected = List.of(truth.dq(), truth.dk(), truth.dv());
                for (int i = 0; i < 3; i++) {
                    TorchErrors.check(
                            "attention_grad_" + example.label() + ".?." + i, type, gradients.get(i), expected.get(i));
                }
                assertThat(TorchErrors.error(run.logSums(), truth.logSums())).isLessThan(1e-6);
            }
        }
    }

    static Stream<Form> sizes() {
        CudaType type = CudaType.FLOAT32;
        return Stream.of(
                new Form(type, 1, 1, 1, 1, 1, 1, true, 1),
                new Form(type, 1, 1, 1, 2, 2, 3, true, 0.5),
                new Form(type, 2, 2, 2, 64, 64, 64, true, 0.1),
                new Form(type, 1, 1, 1, 65, 65, 65, true, 0.1),
                new Form(type, 1, 6, 2, 33, 33, 16, false, 0.25),
                // A piece of a sequence, whose first keys were seen before.
                new Form(type, 1, 2, 2, 20, 90, 32, true, 0.2),
                new Form(type, 1, 2, 1, 90, 20, 32, false, 0.2),
                new Form(type, 1, 1, 1, 40, 40, 256, true, 0.06));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void anySizesAndOrdersOfMemoryAreRight(Form form) {
        for (AttentionRun.Order order : AttentionRun.Order.values()) {
            check(form, Cores.SCALAR, order, 4e-6);
        }
        if (form.size() <= AttentionKernels.MAX_TENSOR_SIZE) {
            check(form.as(CudaType.BFLOAT16), Cores.TENSOR, AttentionRun.Order.POSITIONS_OUTSIDE, 2 * 0x1.0p-8);
        }
    }

    private static void check(Form form, Cores cores, AttentionRun.Order order, double tolerance) {
        try (AttentionRun run = new AttentionRun(form, cores, order)) {
            AttentionReference truth = run.truth();
            run.run(11);
            assertThat(TorchErrors.error(run.out(), truth.out())).isLessThan(tolerance);
            List<double[]> expected = List.of(truth.dq(), truth.dk(), truth.dv());
            for (int i = 0; i < 3; i++) {
                double[] actual = run.gradients().get(i);
                if (largest(expected.get(i)) > 1e-12) {
                    assertThat(TorchErrors.error(actual, expected.get(i))).isLessThan(tolerance);
                } else {
                    // With one key the gradient of its score is zero.
                    assertThat(largest(actual)).isLessThan(tolerance);
                }
            }
        }
    }

    private static double largest(double[] values) {
        return DoubleStream.of(values).map(Math::abs).max().orElse(0);
    }

    /** Through the table of ops, whose tensors all lie in the ops' order. */
    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 40, attention<float",
        "BFLOAT16, 40, attention_tensor<64",
        "BFLOAT16, 128, attention_tensor<128",
        "BFLOAT16, 136, attention<bfloat16"
    })
    void opsOfTheTableAreTheseKernels(CudaType type, int size, String kernel) {
        long[] dims = {2, 3, 70, size};
        double tolerance = type == CudaType.FLOAT32 ? 4e-6 : 2 * 0x1.0p-8;
        List<HostTensor> inputs = new ArrayList<>();
        for (int seed = 30; seed < 34; seed++) {
            inputs.add(Inputs.normal(type, seed, dims));
        }
        Attention op = new Attention(1 / Math.sqrt(size));
        List<HostTensor> kept;
        try (OpRun run = new OpRun(op, inputs.subList(1, 4), type, 0, -1)) {
            assertThat(run.launches().get(0).kernel().expression()).startsWith(kernel);
            expectNear(run, tolerance);
            kept = run.truth();
        }
        List<HostTensor> operands = new ArrayList<>(inputs);
        operands.addAll(kept);
        List<CudaType> types = new ArrayList<>(Collections.nCopies(5, type));
        types.add(CudaType.FLOAT32);
        try (OpRun run = new OpRun(new AttentionGrad(op.scale()), operands, types, type, 0, -1)) {
            expectNear(run, tolerance);
        }
    }

    private static void expectNear(OpRun run, double tolerance) {
        List<double[]> actual = run.run(3);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(TorchErrors.error(actual.get(i), run.truth().get(i).data()))
                    .as("result %s of %s", i, run)
                    .isLessThan(tolerance);
        }
    }

    /** The reference itself, by central differences of a weighted sum of the results. */
    @Test
    void theReferencesGradientIsTheSlope() {
        Form form = new Form(CudaType.FLOAT64, 1, 2, 1, 4, 5, 3, true, 0.7);
        double[][] inputs = new double[4][];
        int[] counts = {24, 15, 15, 24};
        for (int i = 0; i < 4; i++) {
            inputs[i] = Inputs.normalArray(CudaType.FLOAT64, 40 + i, counts[i], 1, 0);
        }
        AttentionReference reference = AttentionReference.of(form, inputs[0], inputs[1], inputs[2], inputs[3]);
        List<double[]> gradients = List.of(reference.dq(), reference.dk(), reference.dv());
        double h = 1e-5;
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < counts[i]; k++) {
                double kept = inputs[i][k];
                inputs[i][k] = kept + h;
                double above = weighted(form, inputs);
                inputs[i][k] = kept - h;
                double below = weighted(form, inputs);
                inputs[i][k] = kept;
                assertThat(gradients.get(i)[k])
                        .isCloseTo((above - below) / (2 * h), org.assertj.core.api.Assertions.within(1e-8));
            }
        }
    }

    private static double weighted(Form form, double[][] inputs) {
        double[] out = AttentionReference.of(form, inputs[0], inputs[1], inputs[2], inputs[3])
                .out();
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum += out[i] * inputs[3][i];
        }
        return sum;
    }

    @Test
    void sharedMemoryIsWhatDevicesHave() {
        int[][] limits = {{64, 64 * 1024}, {128, 64 * 1024}, {256, 99 * 1024}};
        for (int[] limit : limits) {
            Form form = new Form(CudaType.FLOAT32, 1, 1, 1, 1, 1, limit[0], true, 1);
            try (AttentionRun run = new AttentionRun(form, Cores.SCALAR, AttentionRun.Order.HEADS_OUTSIDE)) {
                for (Launch launch : run.launches()) {
                    assertThat(launch.sharedBytes()).as("%s", launch.kernel()).isLessThanOrEqualTo(limit[1]);
                }
            }
        }
    }

    @Test
    void formsThatMakeNoSenseAreRefused() {
        CudaType type = CudaType.FLOAT32;
        assertThatThrownBy(() -> new Form(type, 1, 4, 3, 8, 8, 16, true, 1))
                .hasMessage("heads of keys do not divide those of queries: heads=4, keyHeads=3."
                        + " Use a number of heads that they divide.");
        assertThatThrownBy(() -> AttentionKernels.of(Cores.SCALAR, type, 257))
                .hasMessage(
                        "no attention kernels for these heads: size=257, type=FLOAT32, cores=SCALAR, sizeAtMost=256,"
                                + " on tensor cores bfloat16 and sizeAtMost=128. Use more heads or other cores.");
        assertThatThrownBy(() -> AttentionKernels.of(Cores.TENSOR, type, 64))
                .hasMessageStartingWith("no attention kernels for these heads: size=64, type=FLOAT32, cores=TENSOR");
        assertThatThrownBy(() -> new Form(type, 1, 4, 4, 8, 7, 16, true, 1))
                .hasMessage(
                        "causal attention has queries that see no key: queries=8, keys=7. Give at least as many keys.");
    }
}
