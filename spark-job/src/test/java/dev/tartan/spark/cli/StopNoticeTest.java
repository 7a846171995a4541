package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;

@Timeout(60)
class StopNoticeTest {
    /** A command that never ends by itself, and fails once it is ended. */
    @Command(name = "endless")
    static final class Endless implements Callable<Integer>, CommandRunner.Verbose {
        public static void main(String[] args) {
            Thread command = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(command::interrupt));
            System.exit(CommandRunner.runToEnd(new Endless(), args));
        }

        @Override
        public boolean verbose() {
            return true;
        }

        @Override
        public Integer call() throws InterruptedException {
            System.out.println("started");
            Thread.sleep(60_000);
            return 0;
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aSignalEndsACommandAtOnceWithOneLine(String signal, int exitCode) throws Exception {
        // Where the tests run in the background of a shell, SIGINT is ignored, which is inherited.
        ProcessBuilder builder = new ProcessBuilder(
                "/usr/bin/env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                Endless.class.getName());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process = builder.start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).isEqualTo("started");
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(exitCode);
        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualToNormalizingNewlines(StopNotice.TEXT + "\n");
    }
}
