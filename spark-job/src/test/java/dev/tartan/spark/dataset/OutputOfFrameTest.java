package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.OutputLease;
import dev.tartan.path.UriPath;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.filesystem.FolderStore;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The output folder of a program's own run is kept as that of the command. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OutputOfFrameTest {
    @TempDir
    Path folder;

    @Test
    void aProgramsRunHoldsItsFolderAndMovesEarlierResultsAside() throws Exception {
        SparkSession.Builder builder = SparkSession.builder()
                .master("local[2]")
                .appName("output test")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.driver.host", "127.0.0.1");
        FolderStore.properties(folder).forEach(builder::config);
        SparkSession session = builder.getOrCreate();
        try {
            for (Path output : new Path[] {folder.resolve("out"), UriPath.of("store://box/out")}) {
                check(session, output);
            }
            stopsWhenTheFolderIsTaken(session, folder.resolve("taken"));
            assertThat(folder.resolve("box/out/final.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("out/final.safetensors"));
        } finally {
            session.stop();
        }
    }

    private static void check(SparkSession session, Path output) throws Exception {
        TrainingJob job = TrainingJob.of(() -> new LinearRegression(1))
                .globalBatch(8)
                .steps(2)
                .output(output);
        Samples samples = Samples.of(session.range(64).selectExpr("float(id) as x", "float(id) as y"))
                .field("x", "x")
                .field("y", "y");
        try (OutputLease held = OutputLease.take(output, "the first")) {
            assertThatThrownBy(() -> Tartan.train(session, job, samples))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(
                            "output folder belongs to a run under way: path=" + output + ", run=the first, id=");
            held.check();
        }
        Files.writeString(output.resolve("summary.json"), "earlier");
        Tartan.train(session, job, samples);
        try (var aside = Files.newDirectoryStream(output.resolve("earlier"))) {
            assertThat(Files.readString(aside.iterator().next().resolve("summary.json")))
                    .isEqualTo("earlier");
        }
        assertThat(Files.readString(output.resolve("summary.json"))).contains("\"steps\" : 2");
        assertThat(Files.size(output.resolve("final.safetensors"))).isPositive();
        assertThat(Files.exists(output.resolve(OutputLease.FILE_NAME))).isFalse();
    }

    private static void stopsWhenTheFolderIsTaken(SparkSession session, Path output) throws Exception {
        TrainingJob job = TrainingJob.of(() -> new LinearRegression(1))
                .globalBatch(8)
                .steps(10_000_000)
                .output(output);
        Samples samples = Samples.of(session.range(64).selectExpr("float(id) / 64 as x", "float(id) / 64 as y"))
                .field("x", "x")
                .field("y", "y");
        Path lease = output.resolve(OutputLease.FILE_NAME);
        TrainingListener thief = step -> {
            try {
                if (step.step() == 3) {
                    Files.writeString(lease, "run=the other\n");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        assertThatThrownBy(() -> Tartan.train(session, job, samples, 1, thief))
                .isInstanceOf(OutputException.class)
                .hasMessage("output folder was taken by another run: path=" + output + ", run=the other. This run was"
                        + " stopped, so that results do not mix. Give each run an output.dir of its own.");
        assertThat(lease).hasContent("run=the other");
        assertThat(output.resolve("final.safetensors")).doesNotExist();
        assertThat(output.resolve("summary.json")).doesNotExist();
    }
}
