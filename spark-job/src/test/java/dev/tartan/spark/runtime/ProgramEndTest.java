package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.train.TrainingJob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user's program in local mode ends when its main method does. */
class ProgramEndTest {
    @TempDir
    Path folder;

    /** Trains, and returns without an exit. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            try (SparkSession session = SparkSession.builder()
                    .master("local[2]")
                    .config("spark.ui.enabled", "false")
                    .config("spark.driver.host", "127.0.0.1")
                    .getOrCreate()) {
                TrainingJob job = TrainingJob.of(() -> new Mlp(2, List.of(4), 3, Activation.RELU))
                        .mesh(2, 1)
                        .steps(2);
                Samples samples = Samples.of(session.range(30).selectExpr("array(id, 1) x", "id % 3 y"))
                        .field("x", "x")
                        .field("y", "y");
                System.out.println(
                        "trained " + Tartan.train(session, job, samples).steps().size());
            }
        }
    }

    @Test
    void theProgramEndsWithItsMainMethod() throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        command.add(Program.class.getName());
        Path out = folder.resolve("out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(out)).contains("trained 2");
        assertThat(process.exitValue()).isZero();
    }
}
