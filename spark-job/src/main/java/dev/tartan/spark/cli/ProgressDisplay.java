package dev.tartan.spark.cli;

import dev.tartan.train.metrics.StepMetrics;
import java.io.PrintStream;

/** Shows a person how far a run is. Used by one thread at a time. */
interface ProgressDisplay extends AutoCloseable {
    /** Shows a finished step; step 0 again means that the run began anew. */
    void show(StepMetrics step);

    @Override
    void close();

    /** A bar where a person watches {@code out}, plain lines elsewhere. */
    static ProgressDisplay on(PrintStream out, long numSteps) {
        // On Java 17 there is a console only if both input and output are a terminal's.
        return System.console() == null ? new ProgressLines(out, numSteps) : new ProgressTerminalBar(out, numSteps);
    }
}
