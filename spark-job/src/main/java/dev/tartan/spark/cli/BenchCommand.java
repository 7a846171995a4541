package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures parts of Tartan on this machine, each by a subcommand that prints a line of JSON. */
@Command(name = "bench", usageHelpAutoWidth = true, description = "Measures speed on this machine.")
public final class BenchCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Spec
    private @Nullable CommandSpec spec;

    private final PrintStream out;

    /** Makes a command that prints to {@code out}. */
    BenchCommand(PrintStream out) {
        this.out = out;
    }

    /** The subcommand {@code step}, found by picocli through its annotation. */
    @Command(
            name = "step",
            sortOptions = false,
            description = "Times the training step of a GPT with AdamW; prints a line of JSON.")
    int step(@Mixin BenchStep step) throws JsonProcessingException, InterruptedException {
        out.println(step.measure());
        return 0;
    }

    /** Runs the command and ends the JVM: 0 measured, 2 the user's error, 1 anything else. */
    public static void main(String[] args) {
        System.exit(CommandRunner.run(new BenchCommand(System.out), args));
    }

    @Override
    public boolean verbose() {
        return false;
    }

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("command is not run by picocli");
        }
        throw new ParameterException(spec.commandLine(), "Nothing to measure is given: write 'bench step'.");
    }
}
