package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.Backends;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.RunConfig;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what a run would take, without running it and without Spark. */
@Command(
        name = "plan",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description =
                "Says what a training run would take in memory, communication and computation, without running it.")
public final class PlanCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--program", description = "Prints the partitioned program of the training step too.")
    private boolean program;

    @Mixin
    private PlanSearch search = new PlanSearch();

    @Option(names = "--json", description = "Prints JSON; a line for each candidate where candidates are compared.")
    private boolean json;

    @Option(names = "--verbose", description = "Prints stack traces of failures.")
    private boolean verbose;

    private final PrintStream out;

    /** Makes a command that prints to {@code out}. */
    PlanCommand(PrintStream out) {
        this.out = out;
    }

    /** Runs the command and ends the JVM: 0 planned, 2 the user's error, 1 anything else; signals end it at once. */
    public static void main(String[] args) {
        System.exit(CommandRunner.runToEnd(new PlanCommand(System.out), args));
    }

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() throws JsonProcessingException {
        if (search.validates()) {
            search.printValidation(out);
            return 0;
        }
        RunConfig loaded = config.load(List.of(), json ? System.err : out);
        DeviceTraits traits = search.traits(Backends.traits(loaded.device()));
        if (search.comparesMeshes()) {
            search.compare(loaded, traits, json, out);
            return 0;
        }
        RunConfig run = AutoStrategy.resolve(loaded, search::hardware, traits, json ? System.err : out);
        TrainingPlan plan = TrainingJob.of(run).compile(traits);
        PlanReport report = PlanReport.of(plan, program);
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            out.println(mapper.writeValueAsString(report));
        } else {
            report.print(out);
        }
        return 0;
    }
}
