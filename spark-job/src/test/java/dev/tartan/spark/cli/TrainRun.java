package dev.tartan.spark.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The train command in this process, as scripts/train would submit it.
 *
 * @param exitCode the process's
 * @param err what the user saw on stderr
 */
record TrainRun(int exitCode, String err) {
    /** What spark-submit passes on as system properties. */
    private static final Map<String, String> SPARK = Map.of(
            "spark.master", "local[2]",
            "spark.driver.host", "127.0.0.1",
            "spark.ui.enabled", "false");

    static TrainRun of(String... args) {
        Map<String, @Nullable String> before = new LinkedHashMap<>();
        SPARK.forEach((key, value) -> before.put(key, System.setProperty(key, value)));
        try {
            StringWriter err = new StringWriter();
            int exitCode = CommandRunner.run(
                    new TrainCommand(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)),
                    args,
                    new PrintWriter(err, true));
            return new TrainRun(exitCode, err.toString());
        } finally {
            before.forEach((key, value) -> {
                if (value == null) {
                    System.clearProperty(key);
                } else {
                    System.setProperty(key, value);
                }
            });
        }
    }

    /** A file of the golden trajectories. */
    static Path golden(String name) {
        try {
            return Path.of(Objects.requireNonNull(TrainRun.class.getResource("/golden/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
