package dev.tartan.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.sharded.CheckpointFolder;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A fit that is cut off by its job group, as a notebook's stop button does, and called again. */
@Tag("slow")
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointedFitTest {
    private static final String GROUP = "fit that is cut off";

    private static SparkSession session;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        session = SparkSession.builder()
                .master("local[4]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static Dataset<Row> vectors(int rows) {
        return session.range(rows)
                .select(
                        org.apache
                                .spark
                                .ml
                                .functions
                                .array_to_vector(org.apache.spark.sql.functions.expr(
                                        "array(sin(id), cos(id), cast(id % 3 as double), 1.0)"))
                                .as("features"),
                        org.apache
                                .spark
                                .sql
                                .functions
                                .expr("cast(id % 3 as double)")
                                .as("label"));
    }

    private TartanClassifier classifier() {
        return new TartanClassifier()
                .setHiddenLayers(new int[] {16})
                .setMesh(2, 1)
                .setMaxSteps(1500)
                .setBatchSize(32)
                .setSeed(5);
    }

    @Test
    void aFitThatWasCutOffGoesOnAndEndsAsOneThatWasNot() throws Exception {
        Dataset<Row> frame = vectors(600);
        TartanClassificationModel whole = classifier().fit(frame);
        Path path = folder.resolve("checkpoints");
        TartanClassifier saved = classifier().setCheckpointPath(path.toString()).setCheckpointInterval(50);
        CompletableFuture<TartanClassificationModel> cut = CompletableFuture.supplyAsync(() -> {
            session.sparkContext().setJobGroup(GROUP, "a fit", true);
            return saved.fit(frame);
        });
        CheckpointFolder checkpoints = new CheckpointFolder(path);
        while (checkpoints.latest(false, problem -> {}) == null) {
            Thread.sleep(5);
        }
        session.sparkContext().cancelJobGroup(GROUP);
        assertThatThrownBy(cut::join).isInstanceOf(CompletionException.class).hasMessageContaining("stopped");
        long step = checkpoints.latest(true, problem -> {}).manifest().step();
        assertThat(step).isBetween(50L, 1499L);

        assertThatThrownBy(() -> saved.copy(new org.apache.spark.ml.param.ParamMap())
                        .setSeed(6)
                        .fit(frame))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("checkpoint is of another run: path=" + path)
                .hasMessageContaining("seed was 5 and is 6");
        assertThatThrownBy(() -> saved.fit(vectors(599)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("data was frame of 600 rows")
                .hasMessageContaining("is frame of 599 rows");

        TartanClassificationModel rest = saved.fit(frame.repartition(3));
        assertThat(rest.summary().objectiveHistory()).isEqualTo(whole.summary().objectiveHistory());
        assertThat(rest.transform(frame).select("probability").collectAsList())
                .isEqualTo(whole.transform(frame).select("probability").collectAsList());
        assertThat(checkpoints.latest(false, problem -> {}))
                .as("removed at the end")
                .isNull();
    }
}
