package dev.tartan.train;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A program that trains, with a checkpoint after every step, until it is killed, and goes on from the newest. */
final class KilledTraining {
    static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final int KEEP = 2;

    private KilledTraining() {}

    /** Trains in a folder, and prints a line when its first checkpoint is there. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        TrainingJob job = job(folder, 1_000_000)
                .checkpoint(CheckpointConfig.everySteps(1)
                        .keeping(KEEP)
                        .in(checkpoints(folder).path()))
                .resume(newest(folder));
        MeshTrainer.run(job.compile(BACKEND), job.network(), BACKEND, new TrainingListener() {
            private boolean said;

            @Override
            public void onStep(StepMetrics metrics) {}

            @Override
            public void onCheckpoint(CheckpointMetrics metrics) {
                if (!said && metrics.checkpoint().failure() == null) {
                    said = true;
                    System.out.println("first checkpoint");
                }
            }
        });
    }

    static CheckpointFolder checkpoints(Path folder) {
        return new CheckpointFolder(folder.resolve("checkpoints"));
    }

    static @Nullable Path newest(Path folder) {
        ShardedCheckpoint newest = checkpoints(folder).latest(false, unfinished -> {});
        return newest == null ? null : newest.folder();
    }

    /** The network is small, so that most of the time goes to checkpoints. */
    static TrainingJob job(Path folder, long steps) throws IOException {
        Path text = folder.resolve("text.txt");
        if (!Files.exists(text)) {
            Files.writeString(text, "Here today, gone tomorrow.\n".repeat(100));
        }
        return TrainingJob.of(RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=8, hidden=16, layers=1, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=2, seed=1 }
                        """.formatted(text, steps))).output(null);
    }
}
