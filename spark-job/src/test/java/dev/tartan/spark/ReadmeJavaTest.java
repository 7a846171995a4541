package dev.tartan.spark;

import static org.apache.spark.ml.functions.array_to_vector;
import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.spark.shell.Readme;
import dev.tartan.train.TrainingResult;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the README's Java as it stands there: the network, and its training on a DataFrame. */
class ReadmeJavaTest {
    @TempDir
    Path folder;

    @Test
    void theNetworkIsTrainedOnAFrame() throws Exception {
        List<String> blocks = Readme.blocks("java");
        compile(source(blocks.get(0), blocks.get(1), blocks.get(2)));
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            // As spark-submit does it: Spark's tasks have the loader that was there when the session began.
            thread.setContextClassLoader(loader);
            try (SparkSession spark = session()) {
                TrainingResult result = train(loader, spark);
                assertThat(result.steps()).hasSize(10 * 10);
                assertThat(result.summary().finalLoss())
                        .isLessThan(0.5 * result.steps().get(0).loss());
                checkFit(loader, spark);
            }
            thread.setContextClassLoader(before);
            try (SparkSession spark = session()) {
                assertThatThrownBy(() -> train(loader, spark))
                        .hasCauseInstanceOf(IllegalArgumentException.class)
                        .cause()
                        .hasMessageContaining("Give the class's jar by --jars or spark.jars.");
            }
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static void checkFit(ClassLoader loader, SparkSession spark) throws ReflectiveOperationException {
        Dataset<Row> frame = spark.range(600)
                .selectExpr("array(sin(id), id % 3) a", "cast(id % 3 as double) label")
                .select(array_to_vector(col("a")).as("features"), col("label"));
        @SuppressWarnings("unchecked")
        Dataset<Row> predicted = (Dataset<Row>) loader.loadClass("Readme")
                .getMethod("fit", Dataset.class, Dataset.class)
                .invoke(null, frame, frame);
        assertThat(predicted.where("prediction = label").count()).isGreaterThan(590);
    }

    private static SparkSession session() {
        return SparkSession.builder()
                .master("local[4]")
                .appName("readme test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
    }

    private static TrainingResult train(ClassLoader loader, SparkSession spark) throws ReflectiveOperationException {
        Dataset<Row> frame = spark.range(600).selectExpr("array(sin(id), cos(id), id % 3, 1) features", "id % 3 label");
        return (TrainingResult) loader.loadClass("Readme")
                .getMethod("train", SparkSession.class, Dataset.class)
                .invoke(null, spark, frame);
    }

    private static String source(String network, String training, String ml) {
        List<String> imports = new ArrayList<>(List.of(
                "import org.apache.spark.sql.Dataset;",
                "import org.apache.spark.sql.Row;",
                "import org.apache.spark.sql.SparkSession;"));
        List<String> classes = new ArrayList<>();
        network.lines().forEach(line -> (line.startsWith("import ") ? imports : classes).add(line));
        List<String> statements = new ArrayList<>();
        training.lines().forEach(line -> (line.startsWith("import ") ? imports : statements).add(line));
        List<String> fitting = new ArrayList<>();
        ml.lines().forEach(line -> (line.startsWith("import ") ? imports : fitting).add(line));
        return String.join("\n", imports) + "\n" + String.join("\n", classes)
                + "\npublic class Readme {\n"
                + "public static TrainingResult train(SparkSession spark, Dataset<Row> frame) {\n"
                + String.join("\n", statements) + "\nreturn result;\n}\n"
                + "public static Dataset<Row> fit(Dataset<Row> frame, Dataset<Row> other) {\n"
                + String.join("\n", fitting) + "\nreturn predicted;\n}\n}\n";
    }

    private void compile(String source) throws IOException {
        Path file = Files.writeString(folder.resolve("Readme.java"), source);
        StringWriter errors = new StringWriter();
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            errors,
                            files,
                            null,
                            List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path")),
                            null,
                            files.getJavaFileObjects(file))
                    .call();
            assertThat(compiled).as(errors.toString()).isTrue();
        }
    }
}
