package dev.tartan.spark.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Looks into checkpoints of runs and makes other files of them, each by a subcommand; without Spark. */
@Command(
        name = "checkpoint",
        usageHelpAutoWidth = true,
        description = "Looks into the checkpoints of a run, and makes other files of them.")
public final class CheckpointCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Prints stack traces of failures.")
    private boolean verbose;

    @Spec
    private @Nullable CommandSpec spec;

    private final PrintStream out;

    /** Makes a command that prints to {@code out}. */
    CheckpointCommand(PrintStream out) {
        this.out = out;
    }

    /** The subcommand {@code inspect}, found by picocli through its annotation. */
    @Command(
            name = "inspect",
            sortOptions = false,
            description = "Says what a checkpoint is of, and what is in it; of a folder of several, a line for each.")
    int inspect(@Mixin CheckpointChoice choice) {
        CheckpointInspection.print(choice, out);
        return 0;
    }

    /** The subcommand {@code verify}, found by picocli through its annotation. */
    @Command(
            name = "verify",
            sortOptions = false,
            description = "Reads all bytes of a checkpoint and checks that they are as they were written. Exit code 2"
                    + " if they are not, naming file and offset.")
    int verify(@Mixin CheckpointChoice choice) {
        CheckpointInspection.verify(choice.open(out), "verified", out);
        return 0;
    }

    /** The subcommand {@code export}, found by picocli through its annotation. */
    @Command(
            name = "export",
            sortOptions = false,
            description = "Writes a checkpoint's parameters as other tools load them: model.safetensors, or shards with"
                    + " an index, under their Hugging Face names. init.from takes them too.")
    int export(@Mixin CheckpointChoice choice, @Mixin CheckpointExport export) {
        export.run(choice.open(out), out);
        return 0;
    }

    /** The subcommand {@code reshard}, found by picocli through its annotation. */
    @Command(
            name = "reshard",
            sortOptions = false,
            description = "Writes a checkpoint again with another number of files, and verifies it. To go on on another"
                    + " mesh this is not needed: any mesh reads any checkpoint.")
    int reshard(@Mixin CheckpointChoice choice, @Mixin CheckpointReshard reshard) {
        reshard.run(choice.open(out), out);
        return 0;
    }

    /** Runs the command and ends the JVM: 0 done, 2 the user's error or a checkpoint's, 1 anything else. */
    public static void main(String[] args) {
        System.exit(CommandRunner.runToEnd(new CheckpointCommand(System.out), args));
    }

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("command is not run by picocli");
        }
        throw new ParameterException(
                spec.commandLine(),
                "Nothing to do is given: write 'checkpoint inspect', 'checkpoint verify', 'checkpoint export' or"
                        + " 'checkpoint reshard'.");
    }
}
