package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Validates on frames while it trains on others. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrameValidationTest {
    private static final int HELD_OUT = 37;

    private static SparkSession session;
    private static Dataset<Row> training;
    private static Dataset<Row> heldOut;

    @BeforeAll
    static void start() {
        session = SparkSession.builder()
                .master("local[4]")
                .appName("frame validation test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        training = rows(0, 100);
        heldOut = rows(1000, HELD_OUT);
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static Dataset<Row> rows(int first, int count) {
        return session.range(first, first + count, 1, 3)
                .selectExpr(
                        "array(sin(id), cos(id), id % 7, 1) x", "cast(sin(id) - 2 * cos(id) as float) y", "id % 3 w");
    }

    private static Samples samples() {
        return Samples.of(training).field("x", "x").field("y", "y").validation(heldOut);
    }

    private static TrainingJob job(int data, int model) {
        return TrainingJob.of(() -> new LinearRegression(4))
                .mesh(data, model)
                .optimizer(SgdOptimizer.of(0.01))
                .globalBatch(8)
                .epochs(2);
    }

    private static double y(int id) {
        return (float) (Math.sin(id) - 2 * Math.cos(id));
    }

    private static double loss(ValidationMetrics round) {
        return round.values().get(ValidationMetrics.LOSS);
    }

    /** Parameters stay 0 at a rate of 1e-30, so that the loss of a row is y^2. */
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 0, 0", "2, 1, 1, 0, 0", "2, 2, 2, 0, 0", "4, 1, 2, 0, 0", "4, 1, 2, 3, 2"})
    void everyRowHeldOutCountsOnceAtTheEndOfEachEpoch(int data, int model, int executors, int zero, int shard) {
        TrainingJob still = job(data, model)
                .strategy(StrategyConfig.defaults().withZero(zero).withShard(shard))
                .optimizer(SgdOptimizer.of(1e-30));
        double sum = 0;
        double weighted = 0;
        double weights = 0;
        for (int id = 1000; id < 1000 + HELD_OUT; id++) {
            sum += y(id) * y(id);
            weighted += id % 3 * y(id) * y(id);
            weights += id % 3;
        }
        double mean = sum / HELD_OUT;
        List<ValidationMetrics> rounds =
                Tartan.train(session, still, samples(), executors).validations();
        assertThat(rounds).extracting(ValidationMetrics::step).containsExactly(12L, 25L);
        assertThat(rounds).allSatisfy(round -> assertThat(loss(round)).isCloseTo(mean, within(1e-6 * mean)));

        double weightedMean = weighted / weights;
        assertThat(Tartan.train(session, still.validateEvery(26), samples().weight("w"), executors)
                        .validations())
                .singleElement()
                .satisfies(round -> assertThat(loss(round)).isCloseTo(weightedMean, within(1e-6 * weightedMean)));
    }

    @Test
    void validationDoesNotDependOnPartitionsAndChangesNothingOfTraining() {
        TrainingResult plain = Tartan.train(
                session, job(2, 1), Samples.of(training).field("x", "x").field("y", "y"));
        TrainingResult validated = Tartan.train(session, job(2, 1).validateEvery(5), samples());
        TrainingResult again =
                Tartan.train(session, job(2, 1).validateEvery(5), samples().validation(heldOut.repartition(5)));
        assertThat(validated.steps())
                .extracting("loss")
                .isEqualTo(
                        plain.steps().stream().map(step -> (Object) step.loss()).toList());
        assertThat(validated.validations()).hasSize(6);
        assertThat(Tartan.train(session, job(2, 1).validateEveryEpoch().keepBest(), samples())
                        .validations())
                .extracting(ValidationMetrics::step)
                .containsExactly(12L, 25L);
        assertThat(again.validations()).isEqualTo(validated.validations());
    }

    @Test
    void trainingEndsEarlyAndKeepsTheBest() {
        // The rate is far too high: the first evaluation is the best.
        TrainingJob job = job(2, 1)
                .optimizer(SgdOptimizer.of(0.2))
                .clipGlobalNorm(0)
                .validateEvery(2)
                .earlyStopping(3, 0)
                .keepBest();
        TrainingResult result = Tartan.train(session, job, samples());
        assertThat(result.validations()).hasSize(4);
        assertThat(result.steps()).hasSize(8);
        assertThat(result.summary().validation()).satisfies(summary -> {
            assertThat(summary.best().step()).isEqualTo(1);
            assertThat(summary.stoppedEarly()).isTrue();
            assertThat(summary.keptBest()).isTrue();
        });
    }

    @Test
    void mistakesNameTheValidationFrame() {
        assertThatThrownBy(() -> Tartan.train(session, job(1, 1), samples().validation(heldOut.drop("y"))))
                .hasMessageContaining("validation frame has no such column: column='y'");
        assertThatThrownBy(() -> Tartan.train(session, job(1, 1), samples().validation(heldOut.limit(0))))
                .hasMessageStartingWith("validation frame is empty: rows=0");
        assertThatThrownBy(() -> Tartan.train(
                        session, job(1, 1), samples().validation(heldOut.selectExpr("x", "if(y > 2, null, y) y"))))
                .hasMessageStartingWith("validation frame has rows that cannot be used: rows=");
        assertThatThrownBy(() -> Tartan.train(
                        session,
                        job(1, 1).validateEvery(5),
                        Samples.of(training).field("x", "x").field("y", "y")))
                .hasMessage("validation has no samples: everySteps=5. Give the training samples"
                        + " Samples.validation(frame), or the job TrainingJob.validation.");
        assertThatThrownBy(() -> Tartan.train(
                        session, job(1, 1).validation(new FrameSamples(Set.of(), 1, true, "none"), 5), samples()))
                .hasMessageStartingWith("validation is given twice: ");
    }

    @Test
    void aFileOfBatchesMayBeValidatedOnBesideAFrame() {
        Path absent = Path.of("absent.safetensors");
        assertThatThrownBy(() -> Tartan.train(
                        session,
                        job(1, 1).validation(new BatchFileSamples(absent), 5),
                        Samples.of(training).field("x", "x").field("y", "y")))
                .as("it is opened, not taken for rows")
                .hasMessageContaining("absent.safetensors");
    }
}
