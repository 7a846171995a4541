package dev.tartan.spark.cli;

import dev.tartan.spark.drill.Drill;
import dev.tartan.spark.drill.DrillReport;
import dev.tartan.spark.drill.Fault;
import dev.tartan.spark.drill.FaultKind;
import dev.tartan.spark.drill.FaultOutcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Does faults to a small training on executors of this machine; {@code scripts/drill} submits it. */
@Command(
        name = "drill",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Trains a small GPT on executors of this machine, does faults to it on purpose, and tells for each when the"
                    + " driver noticed and when the run was beyond the steps it had reached. Then whether losses and"
                    + " parameters are bitwise those of an undisturbed run, and what was left over.",
            "",
            "A checkpoint is written after every step. A fault comes after its step, counted from 1, or once the run"
                    + " has recovered from the one before. Exit code: 0 if all came out as it should, else 1.",
            ""
        })
public final class DrillCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Option(
            names = "--executors",
            paramLabel = "N",
            defaultValue = "2",
            description = "Executors, each one rank along 'data'; ${DEFAULT-VALUE}.")
    private int executors;

    @Option(names = "--kill-executor-at-step", paramLabel = "STEP", description = "SIGKILL to an executor; repeatable.")
    private List<Long> kill = new ArrayList<>();

    @Option(
            names = "--freeze-at-step",
            paramLabel = "STEP",
            description = "SIGSTOP to an executor, SIGCONT once the driver has noticed; repeatable.")
    private List<Long> freeze = new ArrayList<>();

    @Option(names = "--throw-at-step", paramLabel = "STEP", description = "An exception in a task; repeatable.")
    private List<Long> exception = new ArrayList<>();

    @Option(
            names = "--out-of-memory-at-step",
            paramLabel = "STEP",
            description = "A task asks for more memory than the heap has; repeatable.")
    private List<Long> outOfMemory = new ArrayList<>();

    @Option(
            names = "--fill-disk-at-step",
            paramLabel = "STEP",
            description = "Writes of checkpoints fail until the driver has noticed; repeatable.")
    private List<Long> fillDisk = new ArrayList<>();

    @Option(
            names = "--corrupt-newest-checkpoint-at-step",
            paramLabel = "STEP",
            description =
                    "An exception in a task; and a file of the newest checkpoint is changed, cut or removed before"
                            + " the run goes on from it; repeatable.")
    private List<Long> corrupt = new ArrayList<>();

    @Option(names = "--faults", paramLabel = "N", description = "So many faults of all kinds at random.")
    private int faults;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Of what is drawn: faults, executors, files; ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A key of the run's config, such as collective.silenceSeconds=5; repeatable.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--verbose", description = "Tells more: Spark's log, and stack traces of failures.")
    private boolean verbose;

    private final PrintStream out;

    /** Makes a command that prints to {@code out}. */
    DrillCommand(PrintStream out) {
        this.out = out;
    }

    /** Runs the command and ends the JVM: 0 came out well, 2 the user's error, 1 anything else. */
    public static void main(String[] args) {
        System.exit(CommandRunner.runToEnd(new DrillCommand(System.out), args));
    }

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Drill drill = new Drill(executors, chosen(), seed, overrides);
        Path folder = Files.createTempDirectory("tartan-drill");
        try {
            DrillReport report = drill.run(new SparkConf(), folder);
            print(report);
            return report.isGood() ? 0 : 1;
        } finally {
            delete(folder);
        }
    }

    private List<Fault> chosen() {
        if (faults < 0) {
            throw new IllegalArgumentException("--faults is out of range: value=" + faults + ". Give 1 or more.");
        }
        List<Fault> all = new ArrayList<>(Fault.random(faults, seed));
        add(all, FaultKind.KILL_EXECUTOR, kill);
        add(all, FaultKind.FREEZE, freeze);
        add(all, FaultKind.THROW, exception);
        add(all, FaultKind.OUT_OF_MEMORY, outOfMemory);
        add(all, FaultKind.FILL_DISK, fillDisk);
        add(all, FaultKind.CORRUPT_NEWEST_CHECKPOINT, corrupt);
        if (all.isEmpty()) {
            throw new IllegalArgumentException(
                    "no fault is given: faults=0. Give --faults N, or a fault such as --kill-executor-at-step 7.");
        }
        all.sort(Comparator.comparingLong(Fault::step));
        return all;
    }

    private static void add(List<Fault> all, FaultKind kind, List<Long> steps) {
        steps.forEach(step -> all.add(new Fault(kind, step)));
    }

    private void print(DrillReport report) {
        TextTable table = new TextTable("fault", "after step", "noticed s", "recovered s", "went on after");
        for (FaultOutcome outcome : report.outcomes()) {
            table.row(
                    outcome.kind().toString(),
                    Long.toString(outcome.step()),
                    seconds(outcome.detectedSeconds()),
                    seconds(outcome.recoveredSeconds()),
                    outcome.resumedStep() < 0 ? "-" : Long.toString(outcome.resumedStep()));
        }
        table.print(out);
        if (verbose) {
            report.outcomes().forEach(outcome -> out.println(outcome.kind() + ": " + outcome.note()));
        }
        out.println("noticed after " + spread(report, FaultOutcome::detectedSeconds));
        out.println("recovered after " + spread(report, FaultOutcome::recoveredSeconds));
        if (report.missed() > 0) {
            out.println("faults that the run ended before: " + report.missed());
        }
        report.unexpected().forEach(failure -> out.println("failure that was not done on purpose: " + failure));
        out.println("losses are " + bitwise(report.sameLosses()) + "; last loss " + report.finalLoss());
        out.println("parameters are " + bitwise(report.sameParameters()));
        out.println("left over: " + (report.leftOver().isEmpty() ? "nothing" : String.join(", ", report.leftOver())));
    }

    private static String bitwise(boolean same) {
        return (same ? "" : "not ") + "bitwise those of the undisturbed run";
    }

    private static String seconds(double seconds) {
        return TextTable.format("%.2f", seconds);
    }

    private static String spread(DrillReport report, ToDoubleFunction<FaultOutcome> time) {
        double[] sorted = report.outcomes().stream().mapToDouble(time).sorted().toArray();
        int count = sorted.length;
        return count == 0
                ? "-"
                : TextTable.format(
                        "%.2f s (median), %.2f s (worst)",
                        (sorted[(count - 1) / 2] + sorted[count / 2]) / 2, sorted[count - 1]);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
