package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures parts of Tartan on this machine, each by a subcommand that prints lines of JSON. */
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

    /** The subcommand {@code kernels}, found by picocli through its annotation. */
    @Command(
            name = "kernels",
            sortOptions = false,
            description = {
                "Times each kernel of a GPT's training step by itself, on one device; prints lines of JSON.",
                "",
                "A line for each op and shapes of rank 0's step, those first that take most of it. Operands are the same"
                        + " in all calls, so small ones stay in caches. timesFloor is the time over the longer of what"
                        + " arithmetic takes at the peak, and operands and results, each moved once, at the bandwidth of"
                        + " --hardware; below 1 for what stays in caches. Collectives are not in it.",
                ""
            })
    int kernels(@Mixin BenchKernels kernels) throws InterruptedException {
        kernels.measure(out::println);
        return 0;
    }

    /** The subcommand {@code checkpoint}, found by picocli through its annotation. */
    @Command(
            name = "checkpoint",
            sortOptions = false,
            description = {
                "Times writing and restoring a checkpoint of an MLP with AdamW, ranks being threads of one process, beside"
                        + " a copy of its files by the kernel with the same sync, in turns; prints a line of JSON.",
                "",
                "saveOverCopy and restoreOverCopy are the throughput of each over the copy's, of the medians of rounds."
                        + " stallOverWrite is how long training waits for a checkpoint that is written meanwhile, over"
                        + " the time that writing takes; stepMeanwhileMillis is the step in which it does, with a sample"
                        + " for each rank, which is as short as steps get, and stepMillis such a step undisturbed.",
                ""
            })
    int checkpoint(@Mixin BenchCheckpoint checkpoint) throws IOException, InterruptedException {
        out.println(checkpoint.measure());
        return 0;
    }

    /** The subcommand {@code collectives}, found by picocli through its annotation. */
    @Command(
            name = "collectives",
            sortOptions = false,
            description = {
                "Times a collective between ranks on this machine; prints lines of JSON.",
                "",
                "A line for each size: the median time of a call on rank 0, in place, of max(5, min(300, 64 MiB /"
                        + " bytes)) calls that follow each other without a barrier, as peers' benches have it; with"
                        + " --repeat the median of the rounds' medians. busbw_GBps is bytes / time, times 2(P-1)/P for"
                        + " all_reduce, 1 for broadcast, else (P-1)/P.",
                "",
                "Before a size is timed first its result is checked, and calls are made for half a second (at least 3),"
                        + " so that Java has compiled them: a long run is as warm.",
                ""
            })
    int collectives(@Mixin BenchCollectives collectives) throws InterruptedException {
        collectives.measure(out::println);
        return 0;
    }

    /** The subcommand {@code overlap}, found by picocli through its annotation. */
    @Command(
            name = "overlap",
            sortOptions = false,
            description = {
                "Trains a small GPT on Spark executors with and without strategy.overlap, in turns, while every message"
                        + " between them is artificially late; prints lines of JSON.",
                "",
                "A line for each run, with the median step and, per step, how long communication took on rank 0: exposed"
                        + " is what its device thread waited for, total what the collectives took, both the mean of all"
                        + " steps. Then for each zero a line of the medians of runs: stepRatio is the step with overlap"
                        + " over the one without, exposedOfTotal is of the runs with overlap. Before, one run of each"
                        + " kind is made that is not reported.",
                ""
            })
    int overlap(@Mixin BenchOverlap overlap) throws IOException {
        overlap.measure(out::println);
        return 0;
    }

    /** The subcommand {@code data}, found by picocli through its annotation. */
    @Command(
            name = "data",
            sortOptions = false,
            description = {
                "Brings a frame of random floats into the spools of executors, and writes it as Parquet, in turns; then"
                        + " trains an MLP on it; prints lines of JSON.",
                "",
                "The frame is read from Parquet in both cases. shuffledOfUnshuffledTime compares reading an epoch from"
                        + " the spools in a drawn order and in that of their index. exposedDataMillis is how long rank"
                        + " 0 waited for samples, mean of all steps.",
                ""
            })
    int data(@Mixin BenchData data) throws IOException {
        data.measure(out::println);
        return 0;
    }

    /** The subcommand {@code ml}, found by picocli through its annotation. */
    @Command(
            name = "ml",
            sortOptions = false,
            description = {
                "Trains a TartanClassifier with its defaults, and Spark's MultilayerPerceptronClassifier of the same"
                        + " layers, in turns in one session; prints lines of JSON.",
                "",
                "A line for each split into 80 percent to train on and 20 to test on, then one with mean accuracies and"
                        + " median times of training. Before, each is trained once that is not reported.",
                ""
            })
    int ml(@Mixin BenchMl ml) {
        ml.measure(out::println);
        return 0;
    }

    /** The subcommand {@code dl4j}, found by picocli through its annotation. */
    @Command(
            name = "dl4j",
            sortOptions = false,
            description = {
                "Fits a perceptron of DL4J's by ParameterAveragingTrainingMaster (averaging), by MeshTrainingMaster (mesh)"
                        + " and by DL4J without Spark (local), in turns in one session; prints lines of JSON.",
                "",
                "A line for each fit, which is one epoch, timed from its call to its return, the first ones too; then one"
                        + " with the medians and how many times as fast as the others the mesh is.",
                ""
            })
    int dl4j(@Mixin BenchDl4j dl4j) {
        dl4j.measure(out::println);
        return 0;
    }

    /** The subcommand {@code tab}, found by picocli through its annotation. */
    @Command(
            name = "tab",
            sortOptions = false,
            description = {
                "Trains an MLP in sessions whose UI has Tartan's tab, which is fetched every two seconds as a browser"
                        + " does, and in sessions without it, in turns; prints a line of JSON.",
                "",
                "Times are medians of the runs' median steps.",
                ""
            })
    int tab(@Mixin BenchTab tab) throws JsonProcessingException {
        tab.measure(out::println);
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
        throw new ParameterException(
                spec.commandLine(),
                "Nothing to measure is given: write 'bench step', 'bench kernels', 'bench collectives', 'bench checkpoint',"
                        + " 'bench overlap', 'bench data', 'bench ml' or 'bench dl4j'.");
    }
}
