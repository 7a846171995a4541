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
import dev.tartan.train.metrics.ValidationMetrics;
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

    private static void writeTable(Path file, int rows, int seed) throws IOException {
        Random random = new Random(seed);
        List<String> lines = new ArrayList<>(List.of("px0,label,px1,px2,importance"));
        for (int row = 0; row < rows; row++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            double c = random.nextGaussian();
            lines.add(String.format(
                    Locale.ROOT, "%.4f,%d,%.4f,%.4f,%d", a, a + b > c ? 1 : 0, b, c, 1 + random.nextInt(3)));
        }
        Files.write(file, lines);
    }

    @BeforeEach
    void writeTables() throws IOException {
        writeTable(folder.resolve("rows.csv"), ROWS, 5);
        writeTable(folder.resolve("held.csv"), 37, 6);
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
        TrainingResult result = program(job, false);
        assertThat(lines.stream().map(TrainTableTest::loss).toList()).isEqualTo(losses(result));
        assertThat(folder.resolve("out/final.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("program/final.safetensors"));
    }

    @Test
    void rowsHeldOutInAnotherFileGiveTheValidationLossesOfAProgram() throws IOException {
        assertThat(train("--set", "validation={ kind = table, path = \"" + folder.resolve("held.csv") + "\" }"))
                .isEqualTo(new TrainRun(0, ""));
        TrainingResult result = program(
                TrainingJob.of(RunConfigLoader.parse(config))
                        .output(folder.resolve("program"))
                        .validateEveryEpoch(),
                true);
        List<String> validated = result.validations().stream()
                .map(ValidationMetrics::loss)
                .map(String::valueOf)
                .toList();
        assertThat(validated).hasSize(2).doesNotHaveDuplicates();
        assertThat(validationLosses("out")).isEqualTo(validated);
        assertThat(validationLosses("program")).isEqualTo(validated);

        RunConfig stated = RunConfigLoader.load(folder.resolve("out/config.conf"), List.of());
        assertThat(RunConfigLoader.parse(stated.render())).isEqualTo(stated);
        assertThat(stated.validation()).isNotNull();
    }

    @Test
    void aTableToValidateOnHasColumnsAndAPaceOfItsOwn() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(folder.resolve("held.csv")));
        lines.set(0, "a0,class,a1,a2,w");
        Files.write(folder.resolve("named.csv"), lines);
        assertThat(train(
                        "--set",
                        "validation={ kind = table, path = \"" + folder.resolve("named.csv") + "\", everySteps = 10,"
                                + " fields = { x = \"a*\", y = class }, weight = w }"))
                .isEqualTo(new TrainRun(0, ""));
        List<String> named = validationLosses("out");
        assertThat(named).hasSize(3);
        assertThat(train(
                        "--set",
                        "validation={ kind = table, path = \"" + folder.resolve("held.csv") + "\", everySteps = 10 }"))
                .isEqualTo(new TrainRun(0, ""));
        assertThat(validationLosses("out")).isEqualTo(named);
    }

    @Test
    void whatIsWrongWithATableToValidateOnIsToldByItsKeys() {
        String unvalidated = config;
        config = unvalidated + "validation { kind = table }\n";
        assertThat(train().err()).contains("run.conf:9: validation.path is missing. Give a path.");
        config = unvalidated;
        assertThat(train("--set", "validation.kind=table", "--set", "validation.path=x", "--set", "validation.feilds=1")
                        .err())
                .contains("--set validation.feilds=1: validation.feilds is not a key. Did you mean validation.fields?");
        assertThat(train("--set", "data={ kind = text, path = x }", "--set", "validation={ kind = table, path = y }")
                        .err())
                .contains("validation.kind goes with data.kind=table only: validation.kind=table.");
        Path held = folder.resolve("held.csv");
        assertThat(train("--set", "validation={ kind = table, path = x, fields = { z = a } }")
                        .err())
                .isEqualTo("tartan: validation.fields does not go with the network: network=Mlp, fields=[x, y],"
                        + " missing=[x, y], unknown=[z]. Write validation.fields { FIELD = COLUMN }.\n");
        assertThat(train("--set", "validation={ kind = table, path = \"" + held + "x\" }")
                        .err())
                .startsWith("tartan: table cannot be read: validation.path=" + held + "x, validation.format=csv,");
        assertThat(train(
                                "--set",
                                "validation={ kind = table, path = \"" + held
                                        + "\", fields = { x = \"q*\", y = label } }")
                        .err())
                .startsWith("tartan: table has no such column: validation.fields.x=q*, columns=");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aNumberThatCannotBeUsedIsNamedByItsColumn() throws IOException {
        Path holes = Files.writeString(folder.resolve("holes.csv"), "px0,px1,px2,label\n1,2,3,0\n1,NaN,3,1\n4,5,,1\n");
        assertThat(train("--set", "data.path=" + holes, "--set", "data.weight=null")
                        .err())
                .contains(
                        ": column='px1', field='x' is no finite number: element=1, value=NaN. Fill it, or drop the row.")
                .contains(": column='px2', field='x' is null: element=2, value=null. Fill it, or drop the row.");
    }

    private List<String> validationLosses(String output) throws IOException {
        return Files.readAllLines(folder.resolve(output).resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("\"validation\""))
                .map(TrainTableTest::loss)
                .toList();
    }

    private static List<String> losses(TrainingResult result) {
        return result.steps().stream().map(step -> Double.toString(step.loss())).toList();
    }

    private Dataset<Row> frame(SparkSession session, String name) {
        return session.read()
                .schema("px0 double, label int, px1 double, px2 double, importance double")
                .option("header", "true")
                .csv(folder.resolve(name).toString())
                .repartition(3)
                .withColumn("x", array(col("px0"), col("px1"), col("px2")));
    }

    private TrainingResult program(TrainingJob job, boolean validated) {
        SparkSession session = SparkSession.builder()
                .master("local[2]")
                .appName("table test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        try {
            Samples samples = Samples.of(frame(session, "rows.csv"))
                    .field("x", "x")
                    .field("y", "label")
                    .weight("importance");
            return Tartan.train(session, job, validated ? samples.validation(frame(session, "held.csv")) : samples);
        } finally {
            session.stop();
        }
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
