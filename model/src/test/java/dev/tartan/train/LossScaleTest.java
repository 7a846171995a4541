package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.cuda.CudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.DType;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.LossScale;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs in float16 whose gradients need another scale than the one they begin with. */
class LossScaleTest {
    private static final int STEPS = 30;

    /** Far beyond float16's 65504, so that many steps are needed to come down. */
    private static final double HUGE = 0x1p30;

    /** What the loss of {@link FaintMlp} is multiplied by, and so its gradients. */
    private static final double FAINT = 1e-7;

    /** Roundings of 2^-11 in a network of two layers. */
    private static final double ROUNDING = 5e-3;

    @TempDir
    Path folder;

    private final Nd4jBackend backend = new Nd4jBackend(1);

    /** A perceptron whose gradients are below float16's smallest number, 6e-8. */
    private static final class FaintMlp extends Network {
        private final WatchedMlp mlp = child("mlp", new WatchedMlp());

        @Override
        public List<BatchField> batchFields() {
            return mlp.batchFields();
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            return mlp.loss(batch, pass).mul(FAINT);
        }
    }

    private static Network mlp() {
        return new Mlp(WatchedMlp.INPUTS, List.of(WatchedMlp.HIDDEN), WatchedMlp.CLASSES, Activation.TANH);
    }

    private static PrecisionPolicy scaled(LossScale scale) {
        return PrecisionPolicy.float16().withReduce(DType.FLOAT16).withLossScale(scale);
    }

    private TrainingJob job(NetworkFactory network, String name, PrecisionPolicy precision) {
        return TrainingJob.of(network)
                .precision(precision)
                .globalBatch(16)
                .steps(STEPS)
                .samples(new MadeSamples(0, false, null, -1, 1))
                .output(folder.resolve(name));
    }

    private TrainingResult run(TrainingJob job) throws InterruptedException {
        TrainingResult result = MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        return result;
    }

    private static List<Double> scales(TrainingResult result) {
        return result.steps().stream()
                .map(step -> step.reports().get("lossScale"))
                .toList();
    }

    private Path file(String name) {
        return folder.resolve(name).resolve(MeshTrainer.FINAL_FILE);
    }

    @ParameterizedTest(name = "on {0}x{1}, zero {2}, {3} micro-batches")
    @CsvSource({"1, 1, 0, 1", "2, 1, 3, 1", "2, 1, 2, 2", "2, 2, 1, 4"})
    void gradientsThatOverflowHalveTheScaleUntilTheyDoNot(int data, int model, int zero, int microBatches)
            throws Exception {
        TrainingResult result = run(job(LossScaleTest::mlp, "huge", scaled(new LossScale(HUGE, 2000)))
                .mesh(data, model)
                .microBatches(microBatches)
                .strategy(StrategyConfig.defaults().withZero(zero)));
        double scale = HUGE;
        int firstGood = -1;
        for (StepMetrics step : result.steps()) {
            assertThat(step.reports().get("lossScale")).isEqualTo(scale);
            assertThat(step.loss()).isFinite();
            boolean isGood = Double.isFinite(step.gradNorm());
            firstGood = isGood && firstGood < 0 ? Math.toIntExact(step.step()) : firstGood;
            scale = isGood ? scale : scale / 2;
        }
        assertThat(firstGood).isBetween(5, STEPS - 5);
        assertThat(result.summary().skippedSteps()).isEqualTo(Math.round(Math.log(HUGE / scale) / Math.log(2)));
        assertThat(result.steps().get(STEPS - 1).gradNorm()).isFinite();

        // In float32, without leaving the initial parameters, as none of these steps did.
        TrainingResult wide = run(job(LossScaleTest::mlp, "wide", PrecisionPolicy.float32())
                .optimizer(new SgdOptimizer(1e-30, 0.0, 0, Schedule.of(Schedule.Kind.CONSTANT, 0))));
        for (int step = 0; step <= firstGood; step++) {
            double loss = wide.steps().get(step).loss();
            assertThat(result.steps().get(step).loss()).isCloseTo(loss, within(ROUNDING * loss));
        }
        double norm = wide.steps().get(firstGood).gradNorm();
        assertThat(result.steps().get(firstGood).gradNorm()).isCloseTo(norm, within(ROUNDING * norm));
    }

    @Test
    void stepsThatAreSkippedLeaveParametersAsTheyWere() throws Exception {
        run(job(WatchedMlp::new, "two", scaled(new LossScale(HUGE, 2000))).steps(2));
        run(job(WatchedMlp::new, "five", scaled(new LossScale(HUGE, 2000))).steps(5));
        assertThat(Files.mismatch(file("two"), file("five"))).isEqualTo(-1);
    }

    @Test
    void goodStepsInARowDoubleTheScale() throws Exception {
        TrainingResult result =
                run(job(WatchedMlp::new, "grows", scaled(new LossScale(64, 3))).steps(7));
        assertThat(scales(result)).containsExactly(64.0, 64.0, 64.0, 128.0, 128.0, 128.0, 256.0);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 0", "2, 1, 3"})
    void tinyGradientsSurviveByTheScaleOnly(int data, int model, int zero) throws Exception {
        double expected = first(data, model, zero, "wide", PrecisionPolicy.float32());
        double unscaled = first(data, model, zero, "unscaled", scaled(LossScale.fixed(1)));
        double fixed = first(data, model, zero, "fixed", scaled(LossScale.fixed(1 << 24)));
        double dynamic = first(data, model, zero, "dynamic", scaled(new LossScale(1 << 24, 2000)));
        assertThat(expected).isGreaterThan(0);
        assertThat(fixed).isCloseTo(expected, within(ROUNDING * expected));
        assertThat(dynamic).isEqualTo(fixed);
        assertThat(Math.abs(unscaled - expected)).isGreaterThan(0.3 * expected);
    }

    /** The gradient norm of the first step. */
    private double first(int data, int model, int zero, String name, PrecisionPolicy precision) throws Exception {
        TrainingResult result = run(job(FaintMlp::new, name, precision)
                .mesh(data, model)
                .strategy(StrategyConfig.defaults().withZero(zero))
                .steps(1));
        return result.steps().get(0).gradNorm();
    }

    @Test
    void clippingIsOfUnscaledGradients() throws Exception {
        // By a power of two nothing is rounded otherwise, unless it is clipped.
        PrecisionPolicy float16 = PrecisionPolicy.float16();
        run(job(WatchedMlp::new, "a", float16.withLossScale(LossScale.fixed(256)))
                .clipGlobalNorm(0.1));
        run(job(WatchedMlp::new, "b", float16.withLossScale(LossScale.fixed(2048)))
                .clipGlobalNorm(0.1));
        TrainingResult free = run(job(WatchedMlp::new, "c", float16.withLossScale(LossScale.fixed(2048)))
                .clipGlobalNorm(0));
        assertThat(free.steps().get(0).gradNorm()).isGreaterThan(0.1);
        assertThat(Files.mismatch(file("a"), file("b"))).isEqualTo(-1);
        assertThat(Files.mismatch(file("a"), file("c"))).isNotEqualTo(-1);
    }

    @Test
    void aRunStopsWhereTheScaleIsOneOrTheLossItselfIsNoNumber() throws Exception {
        MadeSamples bad = new MadeSamples(0, false, null, 2, 1);
        assertThat(scales(run(job(WatchedMlp::new, "two", scaled(new LossScale(2, 2000)))
                        .samples(bad)
                        .steps(4))))
                .containsExactly(2.0, 2.0, 2.0, 1.0);
        assertThatThrownBy(() -> run(job(WatchedMlp::new, "one", scaled(new LossScale(1, 2000)))
                        .samples(bad)))
                .isInstanceOf(NonFiniteException.class)
                .hasMessageStartingWith("loss or gradient norm is not finite: step=2, loss=");
        assertThat(scales(run(job(WatchedMlp::new, "skips", scaled(new LossScale(1, 2000)))
                        .samples(bad)
                        .onNonFinite(OnNonFinite.SKIP)
                        .steps(4))))
                .containsExactly(1.0, 1.0, 1.0, 1.0);
        assertThatThrownBy(() -> run(job(WatchedMlp::new, "far", scaled(LossScale.dynamic()))
                        .optimizer(new SgdOptimizer(3e38, 0.0, 0, Schedule.of(Schedule.Kind.CONSTANT, 0)))))
                .isInstanceOf(NonFiniteException.class)
                .hasMessageStartingWith("loss or gradient norm is not finite: step=1, loss=NaN");
    }

    @Test
    void aDeviceWithoutItsKernelsIsRefused() {
        DeviceTraits cuda = CudaBackend.TRAITS;
        assertThatThrownBy(() ->
                        job(WatchedMlp::new, "gpu", PrecisionPolicy.float16()).compile(cuda))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("device has no kernels for an element type of the run: device=cuda 'GPU', types=[FLOAT16]."
                        + " Set precision.* to one of [FLOAT32, FLOAT64, BFLOAT16, INT32, BOOL], or choose"
                        + " device=cpu.");
    }
}
