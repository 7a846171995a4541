package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One mesh over one executor and over two. */
@Tag("slow")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrameOnExecutorsTest {
    /** Sums do not depend on how ranks are spread, as the defaults' do not promise. */
    private static final CollectiveConfig IN_ORDER = RunConfigLoader.parse("""
            network { kind=mlp, inputs=4, hidden=[4], outputs=2 }
            data { kind=batches, path=unused }
            train { steps=1, globalBatch=4 }
            collective { algorithm=shared }
            """).collective();

    @Test
    void lossesAreTheSameBitsHoweverRanksAreSpread() {
        SparkSession session = SparkSession.builder()
                .master("local-cluster[2,1,1024]")
                .appName("frames on executors")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .getOrCreate();
        try {
            Dataset<Row> frame = session.range(0, 203, 1, 3)
                    .selectExpr("array(sin(id), cos(id), id / 203, 1) x", "sin(id) - 2 * cos(id) y");
            Samples samples = Samples.of(frame).field("x", "x").field("y", "y");
            TrainingJob job = TrainingJob.of(() -> new LinearRegression(4))
                    .optimizer(SgdOptimizer.of(0.05))
                    .collective(IN_ORDER)
                    .mesh(2, 1)
                    .globalBatch(16)
                    .epochs(2);
            List<Double> one = losses(session, job, samples, 1);
            List<Double> two = losses(session, job, samples, 2);
            assertThat(one).hasSize(26).doesNotHaveDuplicates();
            assertThat(two).isEqualTo(one);
        } finally {
            session.stop();
        }
    }

    private static List<Double> losses(SparkSession session, TrainingJob job, Samples samples, int executors) {
        return Tartan.train(session, job, samples, executors).steps().stream()
                .map(StepMetrics::loss)
                .toList();
    }
}
