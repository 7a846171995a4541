package dev.tartan.spark.cli;

import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Prints a line for the first and the last step, and every few seconds in between. */
final class ProgressLines implements ProgressDisplay {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(3).toNanos();

    private final PrintStream out;
    private final long numSteps;
    private final String unit;
    private final LongSupplier nanoTime;
    private long firstDone;
    private long lastDone;
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
        boolean begins = lastDone == 0 || done <= lastDone;
        lastDone = done;
        if (begins) {
            firstDone = done;
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
        if (done == firstDone) {
            return "";
        }
        long seconds = Math.round((now - startNanos) / 1e9 / (done - firstDone) * (numSteps - done));
        return String.format(Locale.ROOT, "  left %d:%02d", seconds / 60, seconds % 60);
    }

    private String line(StepMetrics step, String left) {
        return String.format(
                Locale.ROOT,
                "step %d/%d  loss %.4f  %,.0f %s/s%s%s",
                step.step() + 1,
                numSteps,
                step.loss(),
                step.tokensPerSecond(),
                unit,
                utilization(step.mfu()),
                left);
    }

    static String utilization(@Nullable Double mfu) {
        return mfu == null ? "" : String.format(Locale.ROOT, "  MFU %.1f %%", 100 * mfu);
    }

    @Override
    public void onCheckpoint(CheckpointMetrics metrics) {
        String line = line(metrics);
        if (line != null) {
            out.println(line);
        }
    }

    /** What is worth a line of a checkpoint: that it could not be written, or where a run that ends left it. */
    static @Nullable String line(CheckpointMetrics metrics) {
        CheckpointMetrics.Outcome outcome = metrics.checkpoint();
        if (outcome.failure() != null) {
            return "checkpoint after step " + (metrics.step() + 1) + " could not be written, and training goes on: "
                    + outcome.failure();
        }
        return StopNotice.jvmIsEnding()
                ? "checkpoint after step " + (metrics.step() + 1) + " is in " + outcome.path()
                        + "; go on from it with --resume latest"
                : null;
    }

    @Override
    public void onRestart(long step, String reason) {
        out.println(restart(step, reason));
    }

    static String restart(long step, String reason) {
        return "an attempt failed, and the run goes on with step " + (step + 1) + ": " + reason;
    }

    @Override
    public void close() {
        out.flush();
    }
}
