package dev.tartan.spark.cli;

import dev.tartan.train.TrainingListener;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.io.Console;
import java.io.PrintStream;

/** Shows a person how far a run is. Used by one thread at a time. */
interface ProgressDisplay extends AutoCloseable, TrainingListener {
    /** Shows a finished step; an earlier one again means that another attempt goes on from there. */
    void show(StepMetrics step);

    /** Shows what an evaluation gave. */
    void show(ValidationMetrics validation);

    @Override
    default void onStep(StepMetrics metrics) {
        show(metrics);
    }

    @Override
    default void onValidation(ValidationMetrics metrics) {
        show(metrics);
    }

    @Override
    void close();

    /**
     * A bar where a person watches {@code out}, plain lines elsewhere.
     *
     * @param unit what speed is counted in, such as {@code tokens}
     */
    static ProgressDisplay on(PrintStream out, long numSteps, String unit) {
        return isTerminal() ? new ProgressTerminalBar(out, numSteps, unit) : new ProgressLines(out, numSteps, unit);
    }

    /** Whether both input and output are a terminal's. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // From Java 22 on there is a console always, and this method to tell.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
