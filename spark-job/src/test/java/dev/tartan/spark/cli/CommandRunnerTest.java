package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class CommandRunnerTest {
    private final StringWriter err = new StringWriter();

    @Command(name = "toy")
    static final class Toy implements Callable<Integer>, CommandRunner.Verbose {
        @Option(names = "--verbose")
        private boolean verbose;

        @SuppressWarnings("UnusedVariable") // picocli suggests it
        @Option(names = "--output")
        private @Nullable String output;

        private final @Nullable RuntimeException failure;

        Toy(@Nullable RuntimeException failure) {
            this.failure = failure;
        }

        @Override
        public boolean verbose() {
            return verbose;
        }

        @Override
        public Integer call() {
            if (failure != null) {
                throw failure;
            }
            return 0;
        }
    }

    @Test
    void successIsZeroAndSilent() {
        assertThat(run(null)).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theUsersErrorIsTwoWithItsMessageAlone() {
        assertThat(run(new IllegalArgumentException("mesh is impossible: data=3. Use 2.")))
                .isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("tartan: mesh is impossible: data=3. Use 2.\n");
    }

    @Test
    void anythingElseIsOneWithItsTypeAndNoStackTrace() {
        assertThat(run(new IllegalStateException("slot is taken"))).isEqualTo(1);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines("tartan: java.lang.IllegalStateException: slot is taken. Run with"
                        + " --verbose for the stack trace.\n");
    }

    @Test
    void verboseAddsTheStackTrace() {
        assertThat(run(new IllegalArgumentException("no"), "--verbose")).isEqualTo(2);
        assertThat(err.toString()).startsWith("tartan: no").contains("\tat dev.tartan.spark.cli");
    }

    @Test
    void anUnknownOptionIsExplained() {
        assertThat(run(null, "--outptu", "x")).isEqualTo(2);
        assertThat(err.toString())
                .contains("tartan: Unknown options: '--outptu', 'x'")
                .contains("--output")
                .contains("--help");
    }

    @Test
    void helpIsThereForEveryCommand() {
        assertThat(run(null, "--help")).isZero();
        assertThat(run(new IllegalStateException("ran in spite of it"), "-h")).isZero();
        assertThat(err.toString()).isEmpty();
    }

    private int run(@Nullable RuntimeException failure, String... args) {
        return CommandRunner.run(new Toy(failure), args, new PrintWriter(err, true));
    }
}
