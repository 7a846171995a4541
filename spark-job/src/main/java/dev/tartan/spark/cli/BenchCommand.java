package dev.tartan.spark.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures parts of Tartan on this machine, each by a subcommand that prints a line of JSON. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = "Measures speed on this machine.",
        subcommands = BenchStep.class)
public final class BenchCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Spec
    private @Nullable CommandSpec spec;

    /** Runs the command and ends the JVM: 0 measured, 2 the user's error, 1 anything else. */
    public static void main(String[] args) {
        System.exit(CommandRunner.run(new BenchCommand(), args));
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
