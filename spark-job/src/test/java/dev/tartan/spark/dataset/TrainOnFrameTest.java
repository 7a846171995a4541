package dev.tartan.spark.dataset;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trains on frames in a session that knows nothing of Tartan. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainOnFrameTest {
    private static final int ROWS = 1003;
    private static final int FEATURES = 4;
    private static final double[][] X = new double[ROWS][FEATURES];
    private static final double[] Y = new double[ROWS];

    @TempDir
    static Path folder;

    private static SparkSession session;
    private static Dataset<Row> csv;

    @BeforeAll
    static void start() throws IOException {
        session = SparkSession.builder()
                .master("local[4]")
                .appName("frames test")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "5")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        Random random = new Random(3);
        List<String> lines = new ArrayList<>(List.of("a,b,c,d,y"));
        for (int row = 0; row < ROWS; row++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < FEATURES; i++) {
                X[row][i] = (float) random.nextGaussian();
                Y[row] += (i + 1) * X[row][i];
                line.append(X[row][i]).append(',');
            }
            Y[row] = (float) (Y[row] + 0.5 + random.nextGaussian());
            lines.add(line.append(Y[row]).toString());
        }
        Path file = folder.resolve("rows.csv");
        Files.write(file, lines);
        csv = session.read()
                .option("header", "true")
                .option("inferSchema", "true")
                .csv(file.toString())
                .withColumn("x", array(col("a"), col("b"), col("c"), col("d")));
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static Samples samples(Dataset<Row> frame) {
        return Samples.of(frame).field("x", "x").field("y", "y");
    }

    private static TrainingJob job(int data, int model, int batch) {
        return TrainingJob.of(() -> new LinearRegression(FEATURES))
                .mesh(data, model)
                .optimizer(SgdOptimizer.of(0.05))
                .clipGlobalNorm(0)
                .globalBatch(batch)
                .epochs(2);
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    @Test
    void samplesAndTheirOrderDoNotDependOnPartitions() {
        List<Double> one = losses(Tartan.train(session, job(2, 1, 64), samples(csv.repartition(1))));
        assertThat(one).hasSize(2 * 16).doesNotHaveDuplicates();
        Dataset<Row> assembled = new VectorAssembler()
                .setInputCols(new String[] {"a", "b", "c", "d"})
                .setOutputCol("vector")
                .transform(csv);
        List<Dataset<Row>> others = List.of(
                csv.repartition(3),
                csv.repartition(8),
                csv.repartition(3).orderBy(functions.rand(1)),
                // All rows in one of five partitions, the others empty.
                csv.repartition(5, lit(1)));
        for (Dataset<Row> other : others) {
            assertThat(losses(Tartan.train(session, job(2, 1, 64), samples(other))))
                    .isEqualTo(one);
        }
        assertThat(losses(Tartan.train(
                        session,
                        job(2, 1, 64),
                        Samples.of(assembled).field("x", "vector").field("y", "y"))))
                .as("vectors have other bytes, so another order, but an epoch has the same rows")
                .hasSize(2 * 16);
    }

    @Test
    void samplesAndTheirOrderDoNotDependOnTheMesh() {
        List<Double> one = losses(Tartan.train(session, job(1, 1, 64), samples(csv)));
        int[][] meshes = {{2, 1, 1}, {2, 1, 2}, {2, 2, 2}};
        for (int[] mesh : meshes) {
            List<Double> other = losses(Tartan.train(session, job(mesh[0], mesh[1], 64), samples(csv), mesh[2]));
            for (int step = 0; step < one.size(); step++) {
                // Sums of 64 floats in another order, over 32 updates.
                assertThat(other.get(step)).isCloseTo(one.get(step), within(5e-6 * one.get(step)));
            }
        }
    }

    @Test
    void aRaggedEpochCountsEachRowOnce() {
        // At a rate of 1e-30 parameters stay 0, so that the loss of a row is y^2.
        TrainingJob still = job(2, 1, 64).optimizer(SgdOptimizer.of(1e-30)).epochs(1);
        List<Double> losses = losses(Tartan.train(session, still, samples(csv)));
        double sum = 0;
        for (int step = 0; step < losses.size(); step++) {
            sum += losses.get(step) * (step < 15 ? 64 : ROWS - 15 * 64);
        }
        double expected = 0;
        for (double y : Y) {
            expected += y * y;
        }
        assertThat(sum / ROWS).isCloseTo(expected / ROWS, within(1e-6 * expected / ROWS));

        List<Double> dropped = losses(Tartan.train(session, still, samples(csv).dropLast()));
        assertThat(dropped).hasSize(15);
    }

    /** Gradient descent on all rows in one step of 1,024 slots, beside the same in float64. */
    @ParameterizedTest
    @CsvSource({"1, 1, 0, 0", "2, 1, 0, 0", "2, 2, 0, 0", "4, 1, 3, 2"})
    void aBatchLargerThanTheFrameFollowsAFloat64Reference(int data, int model, int zero, int shard) {
        TrainingJob job = job(data, model, 1024)
                .strategy(StrategyConfig.defaults().withZero(zero).withShard(shard));
        List<Double> losses = losses(Tartan.train(session, job.epochs(6), samples(csv)));
        double[] w = new double[FEATURES];
        double b = 0;
        assertThat(losses).hasSize(6);
        for (double loss : losses) {
            double[] gradient = new double[FEATURES];
            double ofBias = 0;
            double expected = 0;
            for (int row = 0; row < ROWS; row++) {
                double error = b - Y[row];
                for (int i = 0; i < FEATURES; i++) {
                    error += w[i] * X[row][i];
                }
                expected += error * error / ROWS;
                for (int i = 0; i < FEATURES; i++) {
                    gradient[i] += 2 * error * X[row][i] / ROWS;
                }
                ofBias += 2 * error / ROWS;
            }
            assertThat(loss).isCloseTo(expected, within(1e-6 * expected));
            for (int i = 0; i < FEATURES; i++) {
                w[i] -= 0.05 * gradient[i];
            }
            b -= 0.05 * ofBias;
        }
    }

    @Test
    void weightsOfAColumnCount() {
        Dataset<Row> weighted =
                csv.withColumn("w", functions.when(col("a").gt(0), 2).otherwise(0));
        List<Double> losses = losses(Tartan.train(
                session, job(2, 1, 1024).epochs(1), samples(weighted).weight("w")));
        double sum = 0;
        int count = 0;
        for (int row = 0; row < ROWS; row++) {
            if (X[row][0] > 0) {
                sum += Y[row] * Y[row];
                count++;
            }
        }
        assertThat(losses.get(0)).isCloseTo(sum / count, within(1e-6 * sum / count));
    }

    @Test
    void oneRowIsTrainedOnByAllRanks() {
        Dataset<Row> one = csv.limit(1);
        double y = one.first().<Double>getAs("y");
        List<Double> losses = losses(Tartan.train(session, job(4, 1, 16), samples(one), 2));
        assertThat(losses).hasSize(2);
        assertThat(losses.get(0)).isCloseTo(y * y, within(1e-6 * y * y));
        assertThatThrownBy(
                        () -> Tartan.train(session, job(1, 1, 16), samples(one).dropLast()))
                .hasMessage("frame has too few rows for one step: rows=1, globalBatch=16, dropLast=true. Lower the"
                        + " global batch, or keep the last step of an epoch.");
    }

    @Test
    void aFrameOfRandomNumbersIsComputedOnce() {
        Dataset<Row> random = csv.withColumn("y", functions.expr("rand()"));
        assertThat(losses(Tartan.train(session, job(2, 1, 64), samples(random), 2)))
                .hasSize(32);
    }

    @Test
    void stepsMayBeGivenInPlaceOfEpochs() {
        TrainingResult result = Tartan.train(session, job(1, 1, 64).steps(20), samples(csv));
        assertThat(result.steps()).hasSize(20);
        assertThat(result.summary().exposedDataMillis()).isGreaterThanOrEqualTo(0);
    }
}
