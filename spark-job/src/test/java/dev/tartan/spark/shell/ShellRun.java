package dev.tartan.spark.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/** What came of paragraphs in Spark's REPL, submitted as scripts/shell does. */
record ShellRun(int exitCode, String out, String err) {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    /**
     * Runs paragraphs to the end, in at most 400 seconds.
     *
     * @param executorMemory of executors on a local cluster
     */
    static ShellRun of(Path folder, String master, String executorMemory, String paragraphs)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        command.addAll(List.of("-Xmx1g", "-Dscala.usejavacp=true", "org.apache.spark.deploy.SparkSubmit"));
        command.addAll(List.of("--master", master, "--class", ParagraphShell.class.getName()));
        for (String property : List.of(
                "spark.ui.enabled=false",
                "spark.driver.host=127.0.0.1",
                "spark.executor.memory=" + executorMemory,
                "spark.executor.extraClassPath=" + CLASS_PATH)) {
            command.addAll(List.of("--conf", property));
        }
        command.add("spark-shell");
        Path in = Files.writeString(Files.createTempFile(folder, "paragraphs", ""), paragraphs);
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("CLASSPATH", CLASS_PATH);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(400, TimeUnit.SECONDS))
                    .as("ends in time: %s", out)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new ShellRun(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }
}
