package dev.tartan.spark.cli;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command on tables that Spark reads, held against a program that reads them itself. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainTableTest {
    private static final int ROWS = 203;

    @TempDir
    Path folder;

    private String config = "";

    @BeforeEach
    void writeTable() throws IOException {
        Random random = new Random(5);
        List<String> lines = new ArrayList<>(List.of("px0,label,px1,px2,importance"));
        for (int row = 0; row < ROWS; row++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            double c = random.nextGaussian();
            lines.add(String.format(
                    Locale.ROOT, "%.4f,%d,%.4f,%.4f,%d", a, a + b > c ? 1 : 0, b, c, 1 + random.nextInt(3)));
        }
        Files.write(folder.resolve("rows.csv"), lines);
        config = """
                mesh { data = 2, model = 1 }
                network { kind = mlp, inputs = 3, hidden = [8], outputs = 2 }
                data {
                  kind = table, format = csv, path = "%s", options { header = true }
                  fields { x = "px*", y = label }, weight = importance
                }
                train { epochs = 2, globalBatch = 16, seed = 4 }
                output { dir = "%s" }
                """.formatted(folder.resolve("rows.csv"), folder.resolve("out"));
    }

    @Test
    void theCommandGivesTheLossesOfAProgramOnTheSameTable() throws IOException {
        TrainRun run = train();
        assertThat(run).isEqualTo(new TrainRun(0, ""));
        List<String> lines = Files.readAllLines(folder.resolve("out/metrics.jsonl"));
        assertThat(lines).hasSize(2 * 13);

        TrainingJob job = TrainingJob.of(RunConfigLoader.parse(config)).output(folder.resolve("program"));
        SparkSession session = SparkSession.builder()
                .master("local[2]")
                .appName("table test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        TrainingResult result;
        try {
            Dataset<Row> frame = session.read()
                    .schema("px0 double, label int, px1 double, px2 double, importance double")
                    .option("header", "true")
                    .csv(folder.resolve("rows.csv").toString())
                    .repartition(3)
                    .withColumn("x", array(col("px0"), col("px1"), col("px2")));
            Samples samples =
                    Samples.of(frame).field("x", "x").field("y", "label").weight("importance");
            result = Tartan.train(session, job, samples);
        } finally {
            session.stop();
        }
        assertThat(lines.stream().map(TrainTableTest::loss).toList())
                .isEqualTo(result.steps().stream()
                        .map(step -> Double.toString(step.loss()))
                        .toList());
        assertThat(folder.resolve("out/final.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("program/final.safetensors"));
    }

    private static String loss(String line) {
        return line.replaceAll(".*\"loss\":([^,}]*).*", "$1");
    }

    @Test
    void theConfigThatIsLeftRepeatsTheRun() throws IOException {
        assertThat(train("--set", "data.fields.x=[px2, px0, px1]")).isEqualTo(new TrainRun(0, ""));
        Path first = folder.resolve("out");
        RunConfig stated = RunConfigLoader.load(first.resolve("config.conf"), List.of());
        assertThat(RunConfigLoader.parse(stated.render())).isEqualTo(stated);
        assertThat(stated.train().epochs()).isEqualTo(2);
        TrainRun again = TrainRun.of(
                "--config",
                first.resolve("config.conf").toString(),
                "--output",
                folder.resolve("again").toString());
        assertThat(again).isEqualTo(new TrainRun(0, ""));
        assertThat(folder.resolve("again/final.safetensors"))
                .hasSameBinaryContentAs(first.resolve("final.safetensors"));
    }

    @Test
    void whatDoesNotGoTogetherIsToldBeforeSparkStarts() {
        assertThat(train("--set", "train.steps=3").err())
                .contains("train.epochs is given beside train.steps. Give one of them.");
        assertThat(train("--set", "train.epochs=null").err())
                .contains("train.epochs is missing. Give train.epochs, or train.steps.");
        assertThat(train("--set", "data={ kind = text, path = /nothing }", "--set", "network={ kind = gpt }")
                        .err())
                .contains("train.epochs goes with data.kind=table only: text has no end, and a batch file has a batch"
                        + " for each step. Give train.steps.");
        assertThat(train("--set", "data.fields.y=null", "--set", "data.fields.z=label")
                        .err())
                .isEqualTo("tartan: data.fields does not go with the network: network=Mlp, fields=[x, y], missing=[y],"
                        + " unknown=[z]. Write data.fields { FIELD = COLUMN }.\n");
        assertThat(train("--set", "data.options.header=[1]").err())
                .contains("data.options.header is not a text: value=[1]. Write data.options { NAME = TEXT }.");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void tablesThatCannotBeReadLeaveEarlierResultsAlone() throws IOException {
        Files.createDirectory(folder.resolve("out"));
        Files.writeString(folder.resolve("out/summary.json"), "{}");
        TrainRun missing = train("--set", "data.path=" + folder.resolve("nothing.csv"));
        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.err())
                .startsWith("tartan: table cannot be read: data.path=" + folder.resolve("nothing.csv")
                        + ", data.format=csv, reason=[PATH_NOT_FOUND] Path does not exist: file:")
                .endsWith(" Check data.path, data.format and data.options.\n");
        assertThat(train("--set", "data.format=nosuch").err())
                .contains("data.format=nosuch, reason=[DATA_SOURCE_NOT_FOUND]");
        assertThat(train("--set", "data.fields.x=\"q*\"").err())
                .isEqualTo("tartan: table has no such column: data.fields.x=q*, columns=[px0, label, px1, px2,"
                        + " importance]. Name columns of the table.\n");
        assertThat(train("--set", "data.fields.x=[px0, \"px*\"]").err())
                .contains("column fills a field twice: data.fields.x=[px0, px*], column=px0.");
        assertThat(train("--set", "data.fields.x=[px0, px1]").err()).contains("px0, px1 (2 columns)");
        Path holes = Files.writeString(folder.resolve("holes.csv"), "px0,px1,px2,label\n1,2,3,0\n1,n/a,3,1\n");
        assertThat(train("--set", "data.path=" + holes, "--set", "data.weight=null")
                        .err())
                .isEqualTo("tartan: table has a column that holds no numbers: data.fields.x=px1, type=string. Mend the"
                        + " rows that hold text, such as n/a, or leave the column out.\n");
        assertThat(folder.resolve("out/summary.json")).hasContent("{}");
    }

    private TrainRun train(String... more) {
        try {
            Path file = Files.writeString(folder.resolve("run.conf"), config);
            List<String> args = new ArrayList<>(List.of("--config", file.toString()));
            args.addAll(List.of(more));
            return TrainRun.of(args.toArray(new String[0]));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
