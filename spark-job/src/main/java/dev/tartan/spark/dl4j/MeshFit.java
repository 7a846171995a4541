package dev.tartan.spark.dl4j;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.spark.dataset.PlannedFrames;
import dev.tartan.spark.ml.CheckpointedFit;
import dev.tartan.spark.ml.ChosenStrategy;
import dev.tartan.spark.runtime.HeldFolder;
import dev.tartan.spark.runtime.LiveExecutors;
import dev.tartan.spark.runtime.MeshWork;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.train.Backends;
import dev.tartan.train.InitialState;
import dev.tartan.train.RunFiles;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Fits networks on a mesh, one epoch at a time. Between fits it keeps the examples of an RDD that stays the same, in
 * Spark's shuffle files, and the compiled plan. Not thread-safe.
 */
final class MeshFit implements AutoCloseable {
    private static final String FIRST = "first.safetensors";
    private static final String LAST = "last.safetensors";

    private final MeshSettings settings;
    private @Nullable FitData kept;
    private @Nullable KeptPlan plan;

    MeshFit(MeshSettings settings) {
        this.settings = settings;
    }

    /**
     * A plan and what it was compiled of.
     *
     * @param key a text that is the same for jobs with the same plan
     */
    private record KeptPlan(String key, TrainingJob job, TrainingPlan plan) {}

    /**
     * Trains a network for one epoch, and leaves in it what DL4J would: parameters, updater state, score, number of
     * iterations.
     *
     * @param source of the DataSets, as the user gave it
     * @return the last score
     * @throws IllegalArgumentException if the session, the network or the DataSets cannot be used
     */
    double run(
            JavaSparkContext spark,
            DriverNetwork net,
            RDD<?> source,
            JavaRDD<MultiDataSet> sets,
            List<TrainingListener> listeners,
            MeshTrainingStats stats) {
        boolean mayCutSteps = settings.microBatches() > 1 || settings.strategy().equals(ChosenStrategy.AUTO);
        if (net.isTruncated() && mayCutSteps) {
            throw new IllegalArgumentException(
                    "truncated backpropagation through time needs steps that are run whole, since the states of sequences"
                            + " go from step to step: microBatches=" + settings.microBatches() + ", strategy="
                            + settings.strategy() + ". Leave out microBatches, and give zeroStage in place of"
                            + " strategyAuto.");
        }
        SerializerCheck.run(spark.sc());
        net.initialize();
        int executors = LiveExecutors.forMesh(spark.sc(), new MeshConfig(settings.data(), settings.model()));
        FitData data = stats.timed("read", () -> data(spark, net, source, sets));
        try {
            return run(spark, net, data, executors, listeners, stats);
        } finally {
            if (!FitData.isStable(source)) {
                data.close();
            }
        }
    }

    private FitData data(JavaSparkContext spark, DriverNetwork net, RDD<?> source, JavaRDD<MultiDataSet> sets) {
        FitData before = kept;
        if (before != null && FitData.isStable(source) && before.isOf(source, net)) {
            return before;
        }
        close();
        FitData.Reading how = new FitData.Reading(
                spark,
                settings.data(),
                settings.globalBatch(),
                settings.shuffleSeed(),
                settings.dropLast(),
                settings.correct());
        FitData read = FitData.of(source, sets, net, how);
        if (FitData.isStable(source)) {
            read.rows().forManyRuns();
            kept = read;
        }
        return read;
    }

    private double run(
            JavaSparkContext spark,
            DriverNetwork net,
            FitData data,
            int executors,
            List<TrainingListener> listeners,
            MeshTrainingStats stats) {
        StepListeners shown = new StepListeners(net, listeners);
        Path folder = makeFolder();
        try {
            Path first = folder.resolve(FIRST);
            Path last = folder.resolve(LAST);
            stats.timed("send", () -> {
                net.writeState(data.network(), first);
                return first;
            });
            InitialState state = new InitialState(first, net.iterationCount(), net.epochCount());
            CheckpointedFit checkpoints =
                    CheckpointedFit.of(settings.checkpointDirectory(), settings.checkpointEverySteps());
            KeptPlan compiled = stats.timed("compile", () -> compiled(net, data, state, checkpoints));
            RunFiles resumed = compiled.plan().files();
            RunFiles files = new RunFiles(null, null, null, resumed.resume(), state, last);
            TrainingResult result = stats.timed("train", () -> train(spark, compiled, files, data, executors, shown));
            stats.timed("receive", () -> {
                net.readState(data.network(), last);
                return last;
            });
            checkpoints.remove();
            return leave(net, result);
        } finally {
            delete(folder);
            shown.check();
        }
    }

    private static double leave(DriverNetwork net, TrainingResult result) {
        List<StepMetrics> steps = result.steps();
        double score = StepListeners.score(steps.get(steps.size() - 1));
        net.setScore(score);
        net.setIterationCount(net.iterationCount() + steps.size());
        return score;
    }

    /** The plan of a fit; that of the fit before if nothing but the state differs. */
    private KeptPlan compiled(DriverNetwork net, FitData data, InitialState state, CheckpointedFit checkpoints) {
        // Only schedules by epochs make a difference between epochs.
        int epoch = data.factory().json().contains("EPOCH") ? net.epochCount() : 0;
        long steps = data.rows().samples(settings.globalBatch()).stepsPerEpoch();
        boolean weights = data.rows().samples(settings.globalBatch()).weights();
        String key = String.join(
                "\n",
                data.factory().json(),
                data.fields().toString(),
                data.network().batchFields().toString(),
                "epoch " + epoch + ", steps " + steps + ", weights " + weights);
        KeptPlan before = plan;
        boolean saves = !settings.checkpointDirectory().isEmpty();
        if (before != null && !saves && before.key().equals(key)) {
            return before;
        }
        TrainingJob job = TrainingJob.of(data.factory())
                .mesh(settings.data(), settings.model())
                .optimizer(data.network().optimizer().withinEpoch(epoch))
                .clipGlobalNorm(0)
                .globalBatch(settings.globalBatch())
                .microBatches(settings.microBatches())
                .seed(settings.shuffleSeed())
                .epochs(1);
        TrainingJob planned =
                checkpoints.in(ChosenStrategy.of(settings.strategy(), job).initialState(state));
        KeptPlan made = new KeptPlan(
                key, planned, PlannedFrames.of(planned, data.rows()).plan());
        plan = made;
        return made;
    }

    @SuppressWarnings("try") // The rows are closed by whoever keeps them.
    private static TrainingResult train(
            JavaSparkContext spark,
            KeptPlan compiled,
            RunFiles files,
            FitData data,
            int executors,
            StepListeners shown) {
        PlannedFrames frames = PlannedFrames.of(compiled.plan().withFiles(files), data.rows());
        try (HeldFolder folder = HeldFolder.of(frames.plan())) {
            MeshWork work = MeshWork.of(
                    compiled.job(),
                    folder.plan(),
                    executors,
                    frames,
                    Backends.of(compiled.job().device()));
            return SparkTrainer.train(spark, folder, work, shown);
        }
    }

    private static Path makeFolder() {
        try {
            return Files.createTempDirectory("tartan-dl4j");
        } catch (IOException e) {
            throw OutputException.cannotWrite(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
    }

    private static void delete(Path folder) {
        try {
            Files.deleteIfExists(folder.resolve(FIRST));
            Files.deleteIfExists(folder.resolve(LAST));
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }

    /** Gives back what Spark keeps of examples. */
    @Override
    public void close() {
        FitData before = kept;
        kept = null;
        if (before != null) {
            before.close();
        }
    }
}
