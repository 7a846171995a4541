package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.metrics.CheckpointMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SlowCommitTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    @TempDir
    Path folder;

    /** Else files that nobody can resume from would fill the disk. */
    @Test
    @Timeout(60)
    void checkpointsThatWouldSoonBeRemovedAreLeftOut() throws Exception {
        SmallRun.tokens(folder);
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, "run", 2, 1))
                .checkpoint(CheckpointConfig.everySteps(1).keeping(1));
        TrainingPlan plan = job.compile(BACKEND);
        List<CheckpointMetrics> told = new ArrayList<>();
        CountDownLatch trained = new CountDownLatch(1);
        try (CommitCheckpoints commits = RunCheckpoints.committer(plan, step -> new byte[0], metrics -> {
            told.add(metrics);
            awaitUninterruptibly(trained);
        })) {
            RunCheckpoints.begin(commits, plan, "attempt1");
            RunControl control = new RunControl("attempt1", commits, new StopSignal());
            MeshTrainer.run(plan, job.network(), BACKEND, step -> {}, control);
            trained.countDown();
        }
        assertThat(told)
                .extracting(each -> each.checkpoint().failure())
                .containsExactly(
                        null,
                        "later ones came before it could be committed",
                        "later ones came before it could be committed",
                        null);
        assertThat(folder.resolve("run/checkpoints").toFile().list()).containsExactly("step-0000000004-attempt1");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
