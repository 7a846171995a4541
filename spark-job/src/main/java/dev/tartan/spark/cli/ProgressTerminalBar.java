package dev.tartan.spark.cli;

import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.InteractiveConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that fills, with time left, loss and speed, on one line of a terminal. */
final class ProgressTerminalBar implements ProgressDisplay {
    private final PrintStream out;
    private final String unit;
    private final ProgressBar bar;
    private String validated = "";

    ProgressTerminalBar(PrintStream out, long numSteps, String unit) {
        this.out = out;
        this.unit = unit;
        bar = new ProgressBarBuilder()
                .setTaskName("training")
                .setInitialMax(numSteps)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(250)
                .setConsumer(new InteractiveConsoleProgressBarConsumer(out))
                .build();
    }

    @Override
    public void show(StepMetrics step) {
        bar.setExtraMessage(String.format(
                Locale.ROOT,
                " loss %.4f%s, %,.0f %s/s%s",
                step.loss(),
                validated,
                step.tokensPerSecond(),
                unit,
                ProgressLines.utilization(step.mfu())));
        bar.stepTo(step.step() + 1);
    }

    @Override
    public void show(ValidationMetrics validation) {
        validated = String.format(Locale.ROOT, " (validation %.4f)", validation.loss());
    }

    @Override
    public void onCheckpoint(CheckpointMetrics metrics) {
        String line = ProgressLines.line(metrics);
        if (line != null) {
            out.println("\n" + line);
        }
    }

    @Override
    public void onRestart(long step, String reason) {
        out.println("\n" + ProgressLines.restart(step, reason));
    }

    @Override
    public void close() {
        bar.close();
    }
}
