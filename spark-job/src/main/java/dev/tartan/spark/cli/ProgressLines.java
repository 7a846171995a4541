package dev.tartan.spark.cli;

import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Prints a line for the first and the last step, and every few seconds in between. */
final class ProgressLines implements ProgressDisplay {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(3).toNanos();

    private final PrintStream out;
    private final long numSteps;
    private final String unit;
    private final LongSupplier nanoTime;
    private long startNanos;
    private long lastNanos;

    ProgressLines(PrintStream out, long numSteps, String unit) {
        this(out, numSteps, unit, System::nanoTime);
    }

    ProgressLines(PrintStream out, long numSteps, String unit, LongSupplier nanoTime) {
        this.out = out;
        this.numSteps = numSteps;
        this.unit = unit;
        this.nanoTime = nanoTime;
    }

    @Override
    public void show(StepMetrics step) {
        long now = nanoTime.getAsLong();
        long done = step.step() + 1;
        if (step.step() == 0) {
            startNanos = now;
        } else if (done < numSteps && now - lastNanos < INTERVAL_NANOS) {
            return;
        }
        lastNanos = now;
        out.println(line(step, left(done, now)));
    }

    @Override
    public void show(ValidationMetrics validation) {
        StringBuilder line = new StringBuilder("validation after step " + (validation.step() + 1) + "/" + numSteps);
        validation.values().forEach((name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
        out.println(line);
    }

    private String left(long done, long now) {
        // The first step's own time is unknown here, so nothing can be said before the second.
        if (done == 1) {
            return "";
        }
        long seconds = Math.round((now - startNanos) / 1e9 / (done - 1) * (numSteps - done));
        return String.format(Locale.ROOT, "  left %d:%02d", seconds / 60, seconds % 60);
    }

    private String line(StepMetrics step, String left) {
        return String.format(
                Locale.ROOT,
                "step %d/%d  loss %.4f  %,.0f %s/s%s",
                step.step() + 1,
                numSteps,
                step.loss(),
                step.tokensPerSecond(),
                unit,
                left);
    }

    @Override
    public void close() {
        out.flush();
    }
}
