package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.graph.DType;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.LossScale;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole runs in bfloat16 and float16: they repeat, go on from checkpoints of any precision, and take the memory that
 * was planned.
 */
class PrecisionRunTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final PrecisionPolicy BFLOAT16 = PrecisionPolicy.bfloat16().withReduce(DType.BFLOAT16);

    private static final PrecisionPolicy FLOAT16 =
            PrecisionPolicy.float16().withReduce(DType.FLOAT16).withLossScale(new LossScale(256, 3));

    /** A few steps of two dozen roundings of 2^-9 each, of a loss near 5.5, differ by far less. */
    private static final double ROUNDING = 0.02;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    private TrainingJob job(String name, int data, int model, int zero, PrecisionPolicy precision, String... more) {
        String[] keys = new String[more.length + 1];
        System.arraycopy(more, 0, keys, 0, more.length);
        keys[more.length] = "strategy.zero=" + zero;
        return TrainingJob.of(SmallRun.config(folder, name, data, model, keys)).precision(precision);
    }

    private static TrainingResult run(TrainingJob job) throws InterruptedException {
        TrainingResult result = MeshTrainer.run(job.compile(BACKEND), job.network(), BACKEND, step -> {});
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        return result;
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private Path checkpoint(String name, long step) {
        return new CheckpointFolder(folder.resolve(name).resolve("checkpoints"))
                        .list(problem -> {
                            throw new AssertionError(problem);
                        })
                        .stream()
                        .filter(each -> each.manifest().step() == step)
                        .findFirst()
                        .orElseThrow()
                        .folder();
    }

    private byte[] weights(String name) throws Exception {
        return Files.readAllBytes(folder.resolve(name).resolve(MeshTrainer.FINAL_FILE));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 2, 0", "2, 1, 1", "2, 2, 3"})
    void aRunGoesOnBitwiseFromItsMasters(int data, int model, int zero) throws Exception {
        TrainingResult whole = run(job("whole", data, model, zero, BFLOAT16, "network.dropout=0.1")
                .checkpoint(CheckpointConfig.everySteps(2).keeping(0)));
        TrainingResult rest = run(
                job("rest", data, model, zero, BFLOAT16, "network.dropout=0.1").resume(checkpoint("whole", 2)));
        assertThat(losses(rest)).isEqualTo(losses(whole).subList(2, SmallRun.STEPS));
        assertThat(weights("rest")).isEqualTo(weights("whole"));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 3", "2, 2, 1"})
    void theLossScaleGoesOnToo(int data, int model, int zero) throws Exception {
        TrainingResult whole = run(job("whole", data, model, zero, FLOAT16, "network.dropout=0.1")
                .checkpoint(CheckpointConfig.everySteps(2).keeping(0)));
        TrainingResult rest = run(
                job("rest", data, model, zero, FLOAT16, "network.dropout=0.1").resume(checkpoint("whole", 2)));
        // Doubled after three steps, of which the checkpoint has counted two.
        assertThat(scales(whole)).containsExactly(256.0, 256.0, 256.0, 512.0);
        assertThat(scales(rest)).containsExactly(256.0, 512.0);
        assertThat(losses(rest)).isEqualTo(losses(whole).subList(2, SmallRun.STEPS));
        assertThat(weights("rest")).isEqualTo(weights("whole"));
    }

    private static List<Double> scales(TrainingResult result) {
        return result.steps().stream()
                .map(step -> step.reports().get("lossScale"))
                .toList();
    }

    @Test
    void checkpointsFitRunsWithAndWithoutALossScale() throws Exception {
        CheckpointConfig each = CheckpointConfig.everySteps(2).keeping(0);
        TrainingResult wide =
                run(job("wide", 2, 1, 1, PrecisionPolicy.float32()).checkpoint(each));
        run(job("low", 2, 1, 1, FLOAT16).checkpoint(each));
        TrainingResult wideThenLow = run(job("a", 2, 1, 1, FLOAT16).resume(checkpoint("wide", 2)));
        TrainingResult lowThenWide =
                run(job("b", 2, 1, 1, PrecisionPolicy.float32()).resume(checkpoint("low", 2)));
        assertThat(scales(wideThenLow)).containsExactly(256.0, 256.0);
        for (int i = 0; i < 2; i++) {
            double loss = losses(wide).get(2 + i);
            assertThat(losses(wideThenLow).get(i)).isNotEqualTo(loss).isCloseTo(loss, within(ROUNDING));
            assertThat(losses(lowThenWide).get(i)).isNotEqualTo(loss).isCloseTo(loss, within(ROUNDING));
        }
    }

    @Test
    void aFloat16RunTwiceIsBitwiseEqual() throws Exception {
        TrainingResult first = run(job("first", 2, 2, 2, FLOAT16, "train.microBatches=2"));
        assertThat(losses(run(job("second", 2, 2, 2, FLOAT16, "train.microBatches=2"))))
                .isEqualTo(losses(first));
        assertThat(weights("second")).isEqualTo(weights("first"));
    }

    /** Checkpoints hold float32 masters, whatever is computed in. */
    @Test
    void checkpointsFitRunsOfAnyPrecision() throws Exception {
        CheckpointConfig each = CheckpointConfig.everySteps(2).keeping(0);
        TrainingResult wide =
                run(job("wide", 2, 2, 1, PrecisionPolicy.float32()).checkpoint(each));
        TrainingResult low = run(job("low", 2, 2, 1, BFLOAT16).checkpoint(each));
        List<Double> wideThenLow = losses(run(job("a", 2, 2, 1, BFLOAT16).resume(checkpoint("wide", 2))));
        List<Double> lowThenWide =
                losses(run(job("b", 2, 2, 1, PrecisionPolicy.float32()).resume(checkpoint("low", 2))));
        for (int i = 0; i < 2; i++) {
            double loss = losses(wide).get(2 + i);
            assertThat(wideThenLow.get(i)).isNotEqualTo(loss).isCloseTo(loss, within(ROUNDING));
            assertThat(lowThenWide.get(i)).isNotEqualTo(losses(low).get(2 + i)).isCloseTo(loss, within(ROUNDING));
        }
    }

    @ParameterizedTest
    @CsvSource({"none", "selective", "block"})
    void whateverSavesMemoryGoesWithIt(String recompute) throws Exception {
        String[] more = {
            "strategy.recompute=" + recompute,
            "strategy.sequenceParallel=true",
            "train.microBatches=2",
            "network.dropout=0.1"
        };
        List<Double> wide = losses(run(job("wide", 2, 2, 2, PrecisionPolicy.float32(), more)));
        List<Double> low = losses(run(job("low", 2, 2, 2, BFLOAT16, more)));
        for (int i = 0; i < wide.size(); i++) {
            assertThat(low.get(i)).isNotEqualTo(wide.get(i)).isCloseTo(wide.get(i), within(ROUNDING));
        }
    }

    @Test
    void evaluationsAreInThePrecisionOfTheRun() throws Exception {
        ValidationConfig how = ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 2);
        double wide = run(job("wide", 2, 2, 3, PrecisionPolicy.float32()).validation(how))
                .summary()
                .validation()
                .best()
                .values()
                .get("loss");
        double low = run(job("low", 2, 2, 3, BFLOAT16).validation(how))
                .summary()
                .validation()
                .best()
                .values()
                .get("loss");
        assertThat(low).isNotEqualTo(wide).isCloseTo(wide, within(ROUNDING));
    }

    @Test
    void aStepTakesLessMemory() {
        for (int zero = 1; zero < 4; zero++) {
            String[] sizes = {"network.hidden=64", "train.globalBatch=8"};
            long wide = arena(job("wide", 2, 1, zero, PrecisionPolicy.float32(), sizes));
            long low = arena(job("low", 2, 1, zero, BFLOAT16, sizes));
            assertThat(low).as("zero %s", zero).isLessThan(wide);
        }
    }

    private static long arena(TrainingJob job) {
        return job.compile(BACKEND).step().memory().arenaBytes();
    }

    @Test
    void whatIsNotSupportedIsRefused() {
        assertThatThrownBy(() -> TrainingJob.of(SmallRun.NETWORK).precision(PrecisionPolicy.of(DType.FLOAT64)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("precision.master is not supported: master=float64. Use float32, in which small updates are"
                        + " not lost.");
    }
}
