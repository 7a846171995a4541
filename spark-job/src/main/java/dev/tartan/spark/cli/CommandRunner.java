package dev.tartan.spark.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a command: exit code 0 if it worked, 2 with a message if the user must change something, 1 for all else. */
final class CommandRunner {
    private CommandRunner() {}

    /** A command that can tell the whole story of a failure. */
    interface Verbose {
        /** Whether stack traces are wanted. */
        boolean verbose();
    }

    /** Parses the arguments, runs the command and returns the exit code; messages go to stderr. */
    static <C extends Callable<Integer> & Verbose> int run(C command, String[] args) {
        PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
        return run(command, args, err);
    }

    /** As {@link #run(Callable, String[])}; where a signal ends the JVM before, a line says so. */
    static <C extends Callable<Integer> & Verbose> int runToEnd(C command, String[] args) {
        StopNotice notice = StopNotice.to(System.err);
        try {
            return run(command, args);
        } finally {
            notice.close();
        }
    }

    static <C extends Callable<Integer> & Verbose> int run(C command, String[] args, PrintWriter err) {
        CommandLine line = new CommandLine(command);
        addHelp(line);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((failure, ignored) -> explain(failure));
        line.setExecutionExceptionHandler((failure, failed, ignored) -> report(failure, command.verbose(), err));
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            return report(e, command.verbose(), err);
        }
    }

    private static void addHelp(CommandLine line) {
        line.getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .type(boolean.class)
                        .description("Shows this help.")
                        .build());
        line.getSubcommands().values().forEach(CommandRunner::addHelp);
    }

    private static int explain(ParameterException failure) {
        CommandLine line = failure.getCommandLine();
        line.getErr().println("tartan: " + failure.getMessage());
        UnmatchedArgumentException.printSuggestions(failure, line.getErr());
        line.getErr().println("Run with --help for the options.");
        return ExitCode.USAGE;
    }

    private static int report(Throwable failure, boolean verbose, PrintWriter err) {
        if (StopNotice.jvmIsEnding()) {
            return ExitCode.SOFTWARE; // a consequence, after the notice
        }
        String message = failure.getMessage();
        boolean usersError = failure instanceof IllegalArgumentException;
        // Tartan's own failures say all in the message; of others the type is half of it.
        boolean known = usersError
                || failure.getClass().getName().startsWith("dev.tartan.")
                || failure instanceof CancellationException;
        err.println("tartan: " + (known && message != null ? message : failure.toString())
                + (known || verbose ? "" : ". Run with --verbose for the stack trace."));
        if (verbose) {
            failure.printStackTrace(err);
        }
        return usersError ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }
}
