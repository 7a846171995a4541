package dev.tartan.spark.cli;

import dev.tartan.train.metrics.StepMetrics;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.InteractiveConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that fills, with time left, loss and speed, on one line of a terminal. */
final class ProgressTerminalBar implements ProgressDisplay {
    private final String unit;
    private final ProgressBar bar;

    ProgressTerminalBar(PrintStream out, long numSteps, String unit) {
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
        bar.setExtraMessage(
                String.format(Locale.ROOT, " loss %.4f, %,.0f %s/s", step.loss(), step.tokensPerSecond(), unit));
        bar.stepTo(step.step() + 1);
    }

    @Override
    public void close() {
        bar.close();
    }
}
