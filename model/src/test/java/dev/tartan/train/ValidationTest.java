package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.metrics.RunSummary;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.metrics.ValidationSummary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidationTest {
    /** float32 sums of some 100 terms, joined in double. */
    private static final double ROUNDING = 1e-6;

    private static final int STEPS = 5;
    private static final int BATCH = 16;

    /** No multiple of the batch, nor of anything else. */
    private static final MadeSamples RAGGED = MadeSamples.of(1003);

    @TempDir
    Path folder;

    private final Nd4jBackend backend = new Nd4jBackend(1);

    private TrainingJob job(String name) {
        return TrainingJob.of(WatchedMlp::new)
                .globalBatch(BATCH)
                .steps(STEPS)
                .seed(3)
                .samples(MadeSamples.of(0))
                .output(folder.resolve(name));
    }

    private TrainingResult run(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
    }

    private Path file(String name) {
        return folder.resolve(name).resolve(MeshTrainer.FINAL_FILE);
    }

    private static ValidationSummary summary(TrainingResult result) {
        return Objects.requireNonNull(result.summary().validation());
    }

    /** The loss is a plain mean, whatever the weights of what is reported beside it. */
    @Test
    void weightsOfAReportDoNotWeighTheLossOfMicroBatches() throws Exception {
        List<StepMetrics> whole = run(job("whole")).steps();
        List<StepMetrics> parts = run(job("parts").microBatches(4)).steps();
        for (int step = 0; step < STEPS; step++) {
            assertThat(parts.get(step).loss()).isCloseTo(whole.get(step).loss(), within(5 * ROUNDING));
            assertThat(parts.get(step).reports().get("lossOfClass0"))
                    .isCloseTo(whole.get(step).reports().get("lossOfClass0"), within(5 * ROUNDING));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 0, 0, 1, false",
        "2, 1, 0, 0, 2, true",
        "1, 2, 0, 0, 1, true",
        "2, 2, 0, 0, 4, false",
        "2, 1, 3, 0, 1, true",
        "2, 2, 3, 0, 2, false",
        "4, 1, 3, 0, 1, false",
        "4, 1, 3, 2, 2, true",
        "4, 1, 1, 2, 1, false",
        "4, 2, 2, 2, 2, false",
    })
    void meansOverRaggedSamplesAreExactAndTrainingIsBitwiseTheSame(
            int data, int model, int zero, int shard, int microBatches, boolean weighted) throws Exception {
        MadeSamples samples = new MadeSamples(RAGGED.count(), weighted, null, -1, 1);
        TrainingJob plain = job("plain")
                .mesh(data, model)
                .strategy(StrategyConfig.defaults().withZero(zero).withShard(shard))
                .microBatches(microBatches);
        TrainingResult without = run(plain);
        TrainingResult with = run(plain.validation(samples, 2).output(folder.resolve("validated")));

        Map<String, Double> reference = ReferenceMlp.evaluate(file("validated"), samples);
        Map<String, Double> last =
                with.validations().get(with.validations().size() - 1).values();
        assertThat(last.keySet()).containsExactlyElementsOf(reference.keySet());
        reference.forEach(
                (name, value) -> assertThat(last.get(name)).as(name).isCloseTo(value, within(ROUNDING * value)));
        assertThat(with.validations()).extracting(ValidationMetrics::step).containsExactly(1L, 3L, 4L);

        assertThat(losses(with)).isEqualTo(losses(without));
        assertThat(Files.mismatch(file("validated"), file("plain"))).isEqualTo(-1);
        RunSummary summary = with.summary();
        assertThat(summary.measuredPeakBytesPerDevice()).isEqualTo(summary.plannedPeakBytesPerDevice());
        assertThat(summary.communication()).isEqualTo(without.summary().communication());
    }

    private static List<List<Double>> losses(TrainingResult result) {
        return result.steps().stream()
                .map(step -> List.of(step.loss(), step.gradNorm()))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "15", "16", "17"})
    void fewSamplesAreEnough(int count) throws Exception {
        MadeSamples samples = MadeSamples.of(count);
        TrainingResult result = run(job("few").mesh(2, 1).validation(samples, 100));
        double reference = Objects.requireNonNull(
                ReferenceMlp.evaluate(file("few"), samples).get("loss"));
        assertThat(summary(result).last().loss()).isCloseTo(reference, within(ROUNDING * reference));
    }

    @Test
    void listenerHearsOfAValidationAfterItsStep() throws Exception {
        List<String> heard = new ArrayList<>();
        TrainingJob job = job("heard").validation(MadeSamples.of(3), 2);
        TrainingListener listener = new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
                heard.add("step " + metrics.step());
            }

            @Override
            public void onValidation(ValidationMetrics metrics) {
                heard.add("validation " + metrics.step());
            }
        };
        MeshTrainer.run(job.compile(backend), job.network(), backend, listener);
        assertThat(heard)
                .containsExactly(
                        "step 0",
                        "step 1",
                        "validation 1",
                        "step 2",
                        "step 3",
                        "validation 3",
                        "step 4",
                        "validation 4");
    }

    /** Trained on one class and validated on another, the loss only rises. */
    private TrainingJob worsening(String name, int data, int model, int zero) {
        return worsening(name, data, model, zero, 0);
    }

    private TrainingJob worsening(String name, int data, int model, int zero, int shard) {
        return job(name)
                .mesh(data, model)
                .strategy(StrategyConfig.defaults().withZero(zero).withShard(shard))
                .steps(20)
                .samples(new MadeSamples(0, false, 0, -1, 1))
                .validation(new MadeSamples(5, false, 1, -1, 1), 1);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0, 0", "2, 2, 0, 0", "2, 1, 3, 0", "4, 1, 3, 2", "4, 1, 1, 2"})
    void runStopsAfterRoundsWithoutImprovementAndKeepsTheBest(int data, int model, int zero, int shard)
            throws Exception {
        TrainingResult stopped = run(worsening("stopped", data, model, zero, shard)
                .earlyStopping(2, 0)
                .keepBest());
        TrainingResult oneStep = run(worsening("one", data, model, zero, shard).steps(1));

        assertThat(stopped.steps()).hasSize(3);
        assertThat(summary(stopped).stoppedEarly()).isTrue();
        assertThat(summary(stopped).keptBest()).isTrue();
        assertThat(summary(stopped).best()).isEqualTo(summary(oneStep).best());
        assertThat(summary(stopped).last().loss())
                .isGreaterThan(summary(stopped).best().loss());
        assertThat(Files.mismatch(file("stopped"), file("one"))).isEqualTo(-1);
    }

    @Test
    void withoutKeepBestTheResultIsTheLastStep() throws Exception {
        run(worsening("stopped", 1, 1, 0).earlyStopping(2, 0));
        run(worsening("three", 1, 1, 0).steps(3));
        assertThat(Files.mismatch(file("stopped"), file("three"))).isEqualTo(-1);
    }

    @Test
    void keptParametersAreInThePlan() {
        TrainingPlan plan = worsening("p", 1, 1, 0).compile(backend);
        TrainingPlan kept = worsening("p", 1, 1, 0).keepBest().compile(backend);
        // 6 x 8, 8, 8 x 4 and 4 floats, each from a multiple of 64 bytes on.
        assertThat(kept.hostBytesPerDevice() - plan.hostBytesPerDevice()).isEqualTo(192 + 64 + 128 + 64);
        assertThat(kept.peakBytesPerDevice(backend) - plan.peakBytesPerDevice(backend))
                .isEqualTo(192 + 64 + 128 + 64);
        FarBackend far = new FarBackend(backend);
        assertThat(worsening("p", 1, 1, 0).keepBest().compile(far).peakBytesPerDevice(far))
                .isEqualTo(plan.step().memory().arenaBytes());
    }

    @Test
    void bestParametersAreCopiedFromFarMemory() throws Exception {
        FarBackend far = new FarBackend(backend);
        TrainingJob job = worsening("far", 1, 1, 0).earlyStopping(2, 0).keepBest();
        TrainingPlan plan = job.compile(far);
        TrainingResult result = MeshTrainer.run(plan, job.network(), far, step -> {});
        assertThat(far.hostBytes())
                .isEqualTo(plan.hostBytesPerDevice())
                .isEqualTo(result.summary().hostBytesPerDevice());
        run(worsening("one", 1, 1, 0).steps(1));
        assertThat(Files.mismatch(file("far"), file("one"))).isEqualTo(-1);
    }

    @Test
    void whatCannotBeValidatedIsRefusedBeforeTraining() {
        assertThatThrownBy(() -> job("x").earlyStopping(2, 0))
                .hasMessage("job has no validation: needed by=earlyStopping. Call TrainingJob.validation or"
                        + " validateEvery first.");
        assertThatThrownBy(() -> job("x").validation(RAGGED, 1)
                        .judgedBy("accuracy", true)
                        .compile(backend))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("validation is judged by a number that the network does not report: judgedBy=accuracy,"
                        + " reported=[loss, squared, lossOfClass0]. Name one of these.");
        TrainingJob empty = job("x").validation(MadeSamples.of(0), 1);
        assertThatThrownBy(() -> MeshTrainer.checkFiles(empty.compile(backend), empty.network()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("validation has no samples: samples=MadeSamples[count=0,")
                .hasMessageEndingWith(". Give one or more.");
    }
}
