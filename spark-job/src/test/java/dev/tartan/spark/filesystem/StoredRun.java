package dev.tartan.spark.filesystem;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A small run on two devices of this JVM, with a checkpoint after every step. */
final class StoredRun implements TrainingListener {
    static final int STEPS = 8;
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    private final Path local;
    private final Path checkpoints;
    private final List<CheckpointMetrics> told = new ArrayList<>();
    private long firstStep;
    private Runnable afterThirdStep = () -> {};
    private Runnable afterFifthStep = () -> {};

    /**
     * Makes one.
     *
     * @param local for all else
     */
    StoredRun(Path local, Path checkpoints) {
        this.local = local;
        this.checkpoints = checkpoints;
    }

    /** Something begins to fail after the third step, and no longer after the fifth. */
    StoredRun failing(Runnable begins, Runnable ends) {
        afterThirdStep = begins;
        afterFifthStep = ends;
        return this;
    }

    /** Trains and returns the parameters. */
    byte[] train(boolean async, @Nullable Path from) throws IOException, InterruptedException {
        Path text = Files.writeString(local.resolve("text.txt"), "Nobody expects a full disk.\n".repeat(50));
        Path output = Files.createTempDirectory(local, "out");
        CheckpointConfig each = CheckpointConfig.everySteps(1).keeping(3).in(checkpoints);
        TrainingJob job = TrainingJob.of(RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=8, hidden=16, layers=1, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=2, seed=1 }
                        """.formatted(text, STEPS)))
                .output(output)
                .checkpoint(async ? each : each.synchronously())
                .resume(from);
        firstStep = from == null ? 0 : ShardedCheckpoint.open(from).manifest().step();
        TrainingResult result = MeshTrainer.run(job.compile(BACKEND), job.network(), BACKEND, this);
        if (result.summary().steps() != STEPS) {
            throw new AssertionError("trained " + result.summary().steps());
        }
        return Files.readAllBytes(output.resolve(MeshTrainer.FINAL_FILE));
    }

    /** The checkpoints of the steps before are done with by then, whether they came about or not. */
    @Override
    public synchronized void onStep(StepMetrics metrics) {
        while (metrics.step() > firstStep && told.stream().noneMatch(each -> each.step() == metrics.step() - 1)) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (metrics.step() == 2) {
            afterThirdStep.run();
        } else if (metrics.step() == 4) {
            afterFifthStep.run();
        }
    }

    @Override
    public synchronized void onCheckpoint(CheckpointMetrics metrics) {
        told.add(metrics);
        notifyAll();
    }

    /** Why checkpoints could not be written, by step, null for those that were. */
    synchronized List<@Nullable String> failures() {
        List<@Nullable String> failures = new ArrayList<>();
        told.forEach(each -> failures.add(each.checkpoint().failure()));
        return failures;
    }

    /** All that are whole, newest first; checked. */
    List<ShardedCheckpoint> checkpoints() {
        List<ShardedCheckpoint> all = new CheckpointFolder(checkpoints).list(problem -> {});
        all.forEach(ShardedCheckpoint::verify);
        return all;
    }

    List<Long> steps() {
        return checkpoints().stream().map(each -> each.manifest().step()).toList();
    }
}
