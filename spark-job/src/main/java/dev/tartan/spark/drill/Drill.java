package dev.tartan.spark.drill;

import dev.tartan.path.UriPath;
import dev.tartan.spark.runtime.Preflight;
import dev.tartan.spark.runtime.SparkSettings;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.train.Backends;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Trains a small GPT twice in one session on executors of this machine, undisturbed and with faults, and compares.
 *
 * @param executors number of them, each one rank along {@code data}
 * @param faults in the order of their steps
 * @param seed of which executors are hit, and which files
 * @param overrides keys of the run's config
 */
public record Drill(int executors, List<Fault> faults, long seed, List<String> overrides) {
    private static final int STEPS_AFTER = 10;
    private static final int SAMPLES_PER_RANK = 2;

    public Drill {
        faults = List.copyOf(faults);
        overrides = List.copyOf(overrides);
        if (executors < 2 || faults.isEmpty()) {
            throw new IllegalArgumentException("drill has nothing to do: executors=" + executors + ", faults="
                    + faults.size() + ". Give 2 executors or more, and 1 fault or more.");
        }
    }

    /**
     * Runs the drill.
     *
     * @param spark what the session is to have; its master is a {@code local-cluster}
     * @param folder an empty one, for all that is written
     * @throws IllegalArgumentException if executors are not processes of this machine
     */
    public DrillReport run(SparkConf spark, Path folder) throws IOException, InterruptedException {
        if (!spark.get("spark.master", "").startsWith("local-cluster[")) {
            throw new IllegalArgumentException("drill does harm to executors of its own only: spark.master="
                    + spark.get("spark.master", "") + ". Give local-cluster[" + executors + ",1,1024].");
        }
        Path temporary = Files.createDirectories(folder.resolve("temporary"));
        Markers markers = new Markers(Files.createDirectories(folder.resolve("markers")));
        Path text = Files.writeString(folder.resolve("text.txt"), "The quick brown fox jumps over it.\n".repeat(100));
        LeftOvers leftOvers = new LeftOvers();
        Path plain = Files.createDirectories(folder.resolve("undisturbed"));
        Path disturbed = Files.createDirectories(folder.resolve("disturbed"));
        TrainingResult expected;
        TrainingResult result;
        FaultInjector injector;
        try (JavaSparkContext session = new JavaSparkContext(settings(spark, temporary, markers))) {
            injector = new FaultInjector(
                    faults,
                    markers,
                    new ExecutorProcesses(session.sc().applicationId(), seed),
                    new CheckpointDamage(disturbed.resolve(CheckpointConfig.FOLDER), seed));
            TrainingJob whole = TrainingJob.of(config(folder, text));
            SampleSource samples = Objects.requireNonNull(whole.samples());
            TrainingJob job = whole.samples(new DrillSamples(samples, markers.folder()));
            expected = train(session, job.output(plain), step -> {});
            session.sc().addSparkListener(injector.listener());
            Path checkpoints = UriPath.of(DrillStore.uri(disturbed.resolve(CheckpointConfig.FOLDER)));
            try (injector) {
                result = train(
                        session,
                        job.output(disturbed)
                                .checkpoint(CheckpointConfig.everySteps(1).in(checkpoints)),
                        injector);
            }
        }
        List<FaultOutcome> outcomes = injector.outcomes();
        return new DrillReport(
                outcomes,
                faults.size() - outcomes.size(),
                injector.unexpected(),
                result.summary().finalLoss(),
                losses(result).equals(losses(expected)),
                Files.mismatch(plain.resolve(MeshTrainer.FINAL_FILE), disturbed.resolve(MeshTrainer.FINAL_FILE)) < 0,
                leftOvers.find(temporary));
    }

    private TrainingResult train(JavaSparkContext spark, TrainingJob job, TrainingListener listener) {
        TrainingPlan plan = job.compile(Backends.of(job.device()));
        return SparkTrainer.train(spark, plan, job.network(), executors, listener);
    }

    private SparkConf settings(SparkConf given, Path temporary, Markers markers) {
        SparkConf conf = given.clone();
        conf.setIfMissing("spark.app.name", "tartan-drill");
        DrillStore.properties(markers.folder()).forEach(conf::set);
        // Executors are killed on purpose, as often as it takes.
        conf.setIfMissing("spark.deploy.maxExecutorRetries", "-1");
        String options = "spark.executor.extraJavaOptions";
        conf.set(options, conf.get(options, "") + " -Djava.io.tmpdir=" + temporary);
        SparkSettings.addTo(conf, executors);
        Preflight.check(conf, executors, executors);
        return conf;
    }

    private RunConfig config(Path folder, Path text) throws IOException {
        long last = faults.stream().mapToLong(Fault::step).max().orElse(0);
        Path file = Files.writeString(folder.resolve("drill.conf"), """
                mesh { data=%d, model=1 }
                network { kind=gpt, vocab=256, context=16, hidden=16, layers=1, heads=2 }
                data { kind=text, path="%s" }
                optimizer { kind=adamw, learningRate=1e-3 }
                train { steps=%d, globalBatch=%d, seed=1 }
                elastic { maxFailures=8, fromMemory=false }
                """.formatted(
                        executors, text, last + STEPS_AFTER, SAMPLES_PER_RANK * executors));
        return RunConfigLoader.load(file, overrides);
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }
}
