package dev.tartan.spark.cli;

import dev.tartan.path.UserHome;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.spark.dataset.PlannedFrames;
import dev.tartan.spark.dataset.ReadTable;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.spark.runtime.ExecutorMemory;
import dev.tartan.spark.runtime.HeldFolder;
import dev.tartan.spark.runtime.MeshWork;
import dev.tartan.spark.runtime.Preflight;
import dev.tartan.spark.runtime.ReachableMaster;
import dev.tartan.spark.runtime.SparkSettings;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.spark.ui.TartanTab;
import dev.tartan.train.Backends;
import dev.tartan.train.Dl4jResult;
import dev.tartan.train.MeshSpread;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.TableSamples;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationSummary;
import dev.tartan.train.planner.CheckMemoryLimit;
import dev.tartan.train.profile.ChromeTrace;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a network in a Spark job; {@code scripts/train} submits it. */
@Command(
        name = "train",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Trains a network on a mesh of devices.")
public final class TrainCommand implements Callable<Integer>, CommandRunner.Verbose {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description =
                    "Folder of the results, local or a URI, output.dir of the config if not given. Earlier results in it are moved"
                            + " to its folder 'earlier'.")
    private @Nullable String output;

    @Option(
            names = "--executors",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Number of Spark executors that the mesh is spread over; 1 if not given. A divisor of mesh.data, or"
                            + " mesh.data times a divisor of mesh.model."
                            + "")
    private int executors = 1;

    @Option(
            names = "--resume",
            paramLabel = "DIR|latest|latest-valid",
            description =
                    "Goes on from a checkpoint, the newest of a folder, or of this run's folder; with latest-valid"
                            + " all of its bytes are checked first, and an older one is taken if need be.")
    private @Nullable String resume;

    @Option(
            names = "--profile",
            paramLabel = "N",
            description =
                    "Runs some steps, traces the next N, says where their time went, and ends; without checkpoints and"
                            + " validation, into " + PROFILE_FOLDER + " if no output is given.")
    private @Nullable Integer profile;

    @Mixin
    private HardwareOption hardware = new HardwareOption();

    @Option(names = "--verbose", description = "Tells more: Spark's log, and stack traces of failures.")
    private boolean verbose;

    private static final String PROFILE_FOLDER = "runs/profile";

    private static final Duration MASTER_TIMEOUT = Duration.ofSeconds(10);

    private final PrintStream out;

    /** Makes a command that tells its progress to {@code out}. */
    TrainCommand(PrintStream out) {
        this.out = out;
    }

    /** Runs the command and ends the JVM: 0 trained, 2 the user's error, 1 anything else. */
    public static void main(String[] args) {
        int exitCode = CommandRunner.runToEnd(new TrainCommand(System.out), args);
        // Spark 3.5 leaves a thread behind after a barrier stage that keeps the JVM alive. In YARN's cluster mode the
        // driver must return instead, or the application counts as failed.
        if (exitCode != 0
                || !new SparkConf().get("spark.submit.deployMode", "client").equals("cluster")) {
            System.exit(exitCode);
        }
    }

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() {
        checkProfile();
        String folder = output == null && profile != null ? PROFILE_FOLDER : output;
        List<String> overrides = folder == null ? List.of() : List.of("output.dir=" + folder);
        RunConfig loaded = AbsolutePaths.of(config.load(overrides, out));
        checkExecutors(loaded.mesh());
        SparkConf spark = new SparkConf();
        spark.setIfMissing("spark.master", "local[*]").setIfMissing("spark.app.name", "tartan");
        SparkSettings.addTo(spark, executors);
        // All that can be wrong is looked for before Spark takes its seconds to start.
        ReachableMaster.check(spark.get("spark.master"), MASTER_TIMEOUT);
        Preflight.check(spark, loaded.mesh().data() * loaded.mesh().model(), executors);
        DeviceTraits traits = Backends.of(loaded.device());
        RunConfig run = AutoStrategy.resolve(loaded, hardware::profile, traits, out);
        try (Dl4jResult dl4j = Dl4jResult.of(run)) {
            return train(spark, run, dl4j, traits);
        }
    }

    private int train(SparkConf spark, RunConfig run, @Nullable Dl4jResult dl4j, DeviceTraits traits) {
        TrainingJob job = following(dl4j, resumed(job(run)));
        TrainingPlan plan = job.compile(traits);
        CheckMemoryLimit.run(job, plan, traits, plan.mesh().numRanks() / executors);
        long ofHost = traits.sharesHostMemory() ? plan.peakBytesPerDevice(traits) : plan.hostBytesPerDevice();
        Preflight.checkMemory(spark, ofHost, plan.mesh().numRanks());
        List<String> fileNotes = new ArrayList<>(MeshTrainer.checkFiles(plan, job.network()));
        String asked = ExecutorMemory.plan(spark, ofHost, plan.mesh().numRanks(), executors);
        if (asked != null) {
            fileNotes.add(asked);
        }
        if (run.data() instanceof TableSamples table) {
            return train(spark, run, table, dl4j, fileNotes);
        }
        try (HeldFolder folder = HeldFolder.of(plan)) {
            folder.writeConfig(run.render());
            announce(plan, fileNotes, folder.aside());
            TrainingResult result = train(spark, folder, job, traits);
            conclude(plan, result, model(dl4j, plan, result, 0));
            return 0;
        }
    }

    /** The rows of a table are looked at, and the steps of an epoch known, once Spark has started. */
    private int train(
            SparkConf conf, RunConfig run, TableSamples table, @Nullable Dl4jResult dl4j, List<String> fileNotes) {
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            SparkSession session =
                    SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
            TrainingJob job = following(dl4j, job(run));
            Samples samples = ReadTable.of(session, table);
            ValidationConfig validation = profile != null ? null : run.validation();
            if (validation != null && validation.samples() instanceof TableSamples heldOut) {
                samples = samples.validation(ReadTable.of(session, heldOut));
                job = job.validation(validation.on(null));
            }
            try (PlannedFrames frames = PlannedFrames.of(spark, job, samples, executors);
                    HeldFolder folder = HeldFolder.of(frames.plan())) {
                folder.writeConfig(run.render());
                announce(frames.plan(), fileNotes, folder.aside());
                DeviceTraits traits = Backends.of(job.device());
                MeshWork work = MeshWork.of(job, folder.plan(), executors, frames, traits);
                TrainingResult result = train(spark, folder, work);
                conclude(frames.plan(), result, model(dl4j, frames.plan(), result, frames.stepsPerEpoch()));
                return 0;
            }
        }
    }

    private TrainingJob job(RunConfig run) {
        TrainingJob job = TrainingJob.of(run);
        if (hardware.isGiven()) {
            int devices = run.mesh().data() * run.mesh().model();
            job = job.peakFlops(hardware.profile().matmulFlops(run.precision().compute(), devices) * devices);
        }
        if (profile == null) {
            return job;
        }
        ProfileConfig how = new ProfileConfig(profile, run.train().profile().after());
        return job.profile(how)
                .steps(how.after() + profile)
                .checkpoint(CheckpointConfig.off())
                .validation(null);
    }

    private static TrainingJob following(@Nullable Dl4jResult dl4j, TrainingJob job) {
        return dl4j == null ? job : dl4j.following(job);
    }

    /** Writes the model of a run of one of DL4J's; null for other runs. */
    private static @Nullable Path model(
            @Nullable Dl4jResult dl4j, TrainingPlan plan, TrainingResult result, long stepsPerEpoch) {
        Path output = plan.files().output();
        if (dl4j == null || output == null) {
            return null;
        }
        List<StepMetrics> steps = result.steps();
        long made = steps.get(steps.size() - 1).step() + 1;
        return dl4j.write(output, made, stepsPerEpoch == 0 ? 0 : made / stepsPerEpoch);
    }

    private TrainingJob resumed(TrainingJob job) {
        if (resume == null) {
            return job;
        }
        TrainingJob resumed = job.resume(UserHome.expand(resume), problem -> out.println("note: " + problem));
        out.println("going on from " + resumed.files().resume());
        return resumed;
    }

    private void checkProfile() {
        if (profile != null && profile < 1) {
            throw new IllegalArgumentException(
                    "--profile is out of range: value=" + profile + ". Give a whole number of 1 or more.");
        }
        if (profile != null && resume != null) {
            throw new IllegalArgumentException(
                    "--profile makes steps of its own and goes on from no checkpoint: resume=" + resume
                            + ". Leave out --resume, or set train.profile.steps in the run.");
        }
    }

    private void checkExecutors(MeshConfig mesh) {
        if (executors < 1) {
            throw new IllegalArgumentException(
                    "--executors is out of range: value=" + executors + ". Give a whole number of 1 or more.");
        }
        MeshSpread.check(mesh, executors);
    }

    private TrainingResult train(SparkConf conf, HeldFolder folder, TrainingJob job, DeviceTraits traits) {
        MeshWork work = MeshWork.of(job, folder.plan(), executors, smaller -> smaller.compile(traits), traits);
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            TartanTab.url(spark.sc()).ifPresent(url -> out.println("to be watched at " + url));
            return train(spark, folder, work);
        }
    }

    private TrainingResult train(JavaSparkContext spark, HeldFolder folder, MeshWork work) {
        TrainingPlan plan = folder.plan();
        try (ProgressDisplay progress = ProgressDisplay.on(out, plan.train().steps(), plan.unit())) {
            return SparkTrainer.train(spark, folder, work, progress);
        }
    }

    private void announce(TrainingPlan plan, List<String> fileNotes, @Nullable Path aside) {
        out.printf(
                Locale.ROOT,
                "training %,d parameters on %s, %s per device%n",
                plan.numParameters(),
                plan.mesh(),
                ByteSize.text(plan.step().memory().arenaBytes()));
        plan.notes().forEach(note -> out.println("note: " + note));
        fileNotes.forEach(note -> out.println("note: " + note));
        if (aside != null) {
            out.println("earlier results are now in " + aside);
        }
    }

    private void conclude(TrainingPlan plan, TrainingResult result, @Nullable Path model) {
        List<StepMetrics> steps = result.steps();
        out.printf(
                Locale.ROOT,
                "first loss %.4f, last loss %.4f; median step %.1f ms, %,.0f %s/s%s%n",
                steps.get(0).loss(),
                result.summary().finalLoss(),
                result.summary().medianStepMillis(),
                result.summary().tokensPerSecond(),
                plan.unit(),
                result.summary().mfu() == null
                        ? ""
                        : TextTable.format(
                                ", MFU %.1f %%", 100 * result.summary().mfu()));
        if (result.summary().skippedSteps() > 0) {
            out.printf(
                    Locale.ROOT,
                    "skipped %,d steps whose loss or gradient norm was no number%n",
                    result.summary().skippedSteps());
        }
        Double lossScale = steps.get(steps.size() - 1).reports().get(TrainStepGraph.LOSS_SCALE);
        if (lossScale != null) {
            out.printf(Locale.ROOT, "loss scale of the last step %,.0f%n", lossScale);
        }
        if (result.summary().validation() != null) {
            conclude(result.summary().validation());
        }
        Path folder = plan.files().output();
        if (result.profile() != null) {
            ProfileReport.print(out, result.profile(), folder == null ? null : folder.resolve(ChromeTrace.FILE_NAME));
        } else if (plan.train().profile().isOn()) {
            out.println("no steps were traced, since the run ended before: train.profile.after="
                    + plan.train().profile().after());
        }
        if (result.sample() != null) {
            out.println("what the network writes:");
            result.sample().lines().forEach(line -> out.println("  | " + printable(line)));
        }
        if (model != null) {
            out.println("the model for DL4J is " + model);
        }
        out.println("results are in " + plan.files().output());
    }

    private void conclude(ValidationSummary validation) {
        out.printf(
                Locale.ROOT,
                "best validation after step %,d of %,d evaluations: %s%s%s%n",
                validation.best().step() + 1,
                validation.rounds(),
                validation.best().values(),
                validation.stoppedEarly() ? "; stopped early" : "",
                validation.keptBest() ? "; its parameters are the result" : "");
    }

    /** Bytes drawn at random might be commands to the terminal. */
    private static String printable(String line) {
        return line.replaceAll("[\\p{Cntrl}&&[^\t]]", "\ufffd");
    }
}
