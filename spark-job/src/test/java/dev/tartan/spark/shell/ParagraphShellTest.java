package dev.tartan.spark.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Spark's REPL, submitted as scripts/shell does. */
@Tag("slow")
@Timeout(600)
class ParagraphShellTest {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    @TempDir
    Path folder;

    private record Run(int exitCode, String out, String err) {}

    @Test
    void paragraphsUseTartanOnExecutors() throws Exception {
        Run run = shell("local-cluster[2,1,1024]", """
                val rows = 2
                import dev.tartan.mesh.Shape

                class Area(val columns: Int) extends Serializable {

                  def of(rows: Int) = Shape.shape(rows, columns).numElements()
                }
                object Area { def apply(columns: Int) = new Area(columns) }

                val area = Area(10)
                println("sum " + sc.parallelize(1 to 4, 2).map(i => area.of(i + rows)).sum())
                """);
        assertThat(run.out()).contains("sum 180.0");
        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    @Test
    void theFirstParagraphThatFailsEndsIt() throws Exception {
        Run run = shell("local[1]", """
                val a = 1

                // the next line throws
                require(a > 1, "too small")

                println("went " + "on")
                """);
        assertThat(run.err()).contains("tartan: paragraph failed: line=3. See the messages above.");
        assertThat(run.out()).contains("too small").doesNotContain("went on");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    private Run shell(String master, String paragraphs) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        command.addAll(List.of("-Xmx1g", "-Dscala.usejavacp=true", "org.apache.spark.deploy.SparkSubmit"));
        command.addAll(List.of("--master", master, "--class", ParagraphShell.class.getName()));
        for (String property : List.of(
                "spark.ui.enabled=false",
                "spark.driver.host=127.0.0.1",
                "spark.executor.memory=512m",
                "spark.executor.extraClassPath=" + CLASS_PATH)) {
            command.addAll(List.of("--conf", property));
        }
        command.add("spark-shell");
        Path in = Files.writeString(folder.resolve("paragraphs"), paragraphs);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("CLASSPATH", CLASS_PATH);
        Process process = builder.start();
        assertThat(process.waitFor(400, TimeUnit.SECONDS)).isTrue();
        return new Run(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }
}
