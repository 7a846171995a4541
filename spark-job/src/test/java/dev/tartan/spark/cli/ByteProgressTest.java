package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ByteProgressTest {
    @Test
    void longWorkGetsALineEveryFewSecondsAndShortWorkNone() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long[] seconds = {0};
        ByteProgress progress = new ByteProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                "verified",
                10 << 20,
                () -> TimeUnit.SECONDS.toNanos(seconds[0]));
        progress.accept(1 << 20);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        for (int mebibyte = 2; mebibyte <= 10; mebibyte++) {
            seconds[0] = mebibyte;
            progress.accept(1 << 20);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualToNormalizingNewlines("""
                verified 3.0 MiB of 10.0 MiB  1.0 MiB/s  left 0:07
                verified 6.0 MiB of 10.0 MiB  1.0 MiB/s  left 0:04
                verified 9.0 MiB of 10.0 MiB  1.0 MiB/s  left 0:01
                """);
    }
}
