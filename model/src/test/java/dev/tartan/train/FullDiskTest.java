package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.metrics.CheckpointMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that has no space left for one checkpoint, as Linux's {@code /dev/full}. */
class FullDiskTest {
    private static final Path FULL = Path.of("/dev/full");
    private static final String ATTEMPT = "attempt1";
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    @TempDir
    Path folder;

    private final List<CheckpointMetrics> told = new ArrayList<>();

    @BeforeEach
    void fillTheDisk() throws Exception {
        assumeTrue(Files.isWritable(FULL));
        SmallRun.tokens(folder);
        Path second = Files.createDirectories(folder.resolve("run/checkpoints/step-0000000002-" + ATTEMPT));
        Files.createSymbolicLink(second.resolve("rank-00001.safetensors"), FULL);
    }

    private TrainingResult train(CheckpointConfig how) throws InterruptedException {
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, "run", 2, 1)).checkpoint(how);
        TrainingPlan plan = job.compile(BACKEND);
        try (CommitCheckpoints commits = RunCheckpoints.committer(plan, step -> new byte[0], told::add)) {
            RunCheckpoints.begin(commits, plan, ATTEMPT);
            RunControl control = new RunControl(ATTEMPT, commits, new StopSignal());
            return MeshTrainer.run(plan, job.network(), BACKEND, step -> {}, control);
        }
    }

    @Test
    void theCheckpointDoesNotComeAboutAndTrainingGoesOn() throws Exception {
        TrainingResult result = train(CheckpointConfig.everySteps(1).keeping(0).synchronously());
        assertThat(result.steps()).hasSize(SmallRun.STEPS);
        assertThat(told.get(1).checkpoint().failure()).isEqualTo("IOException: No space left on device (rank 1)");
        assertThat(told).filteredOn(each -> each.checkpoint().failure() == null).hasSize(3);
        assertThat(new CheckpointFolder(folder.resolve("run/checkpoints")).list(problem -> {}))
                .extracting(each -> each.manifest().step())
                .containsExactly(4L, 3L, 1L);
        assertThat(folder.resolve("run/checkpoints").toFile().list()).hasSize(3);
    }

    @Test
    void aSecondTryWritesTheCheckpointOnceThereIsSpace() throws Exception {
        TrainingResult result = train(CheckpointConfig.everySteps(1).keeping(0));
        assertThat(result.steps()).hasSize(SmallRun.STEPS);
        assertThat(told)
                .allSatisfy(each -> assertThat(each.checkpoint().failure()).isNull());
        new CheckpointFolder(folder.resolve("run/checkpoints"))
                .list(problem -> {})
                .forEach(each -> each.verify());
        assertThat(told).hasSize(SmallRun.STEPS);
    }
}
