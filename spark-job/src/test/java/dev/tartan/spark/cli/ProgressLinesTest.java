package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.train.metrics.StepMetrics;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {
    @Test
    void firstAndLastStepAndAFewInBetweenGetALine() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long[] seconds = {0};
        try (ProgressLines lines = new ProgressLines(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                101,
                "tokens",
                () -> TimeUnit.SECONDS.toNanos(seconds[0]))) {
            for (int step = 0; step <= 100; step++) {
                seconds[0] = step;
                if (step < 5 || step > 97) {
                    lines.show(new StepMetrics(step, 3.5, 1, 1000, 12345.6));
                }
            }
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualToNormalizingNewlines("""
                        step 1/101  loss 3.5000  12,346 tokens/s
                        step 4/101  loss 3.5000  12,346 tokens/s  left 1:37
                        step 99/101  loss 3.5000  12,346 tokens/s  left 0:02
                        step 101/101  loss 3.5000  12,346 tokens/s  left 0:00
                        """);
    }
}
