package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.network.NetworkFactory;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResumeTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    private TrainingJob job(String name, int data, int model, String... overrides) {
        return TrainingJob.of(SmallRun.config(folder, name, data, model, overrides));
    }

    private static TrainingResult run(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(BACKEND), job.network(), BACKEND, step -> {});
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private Path checkpoint(String name, long step) {
        List<ShardedCheckpoint> all = new CheckpointFolder(folder.resolve(name).resolve("checkpoints"))
                .list(problem -> {
                    throw new AssertionError(problem);
                });
        return all.stream()
                .filter(each -> each.manifest().step() == step)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no checkpoint of step " + step + " among " + all))
                .folder();
    }

    private byte[] weights(String name) throws Exception {
        return Files.readAllBytes(folder.resolve(name).resolve(MeshTrainer.FINAL_FILE));
    }

    @ParameterizedTest
    @CsvSource({"1,1,0,true", "2,1,0,false", "2,2,0,true", "2,2,1,true", "2,1,2,true", "2,2,3,true", "2,1,3,false"})
    void restIsBitwiseThatOfTheUndisturbedRun(int data, int model, int zero, boolean async) throws Exception {
        CheckpointConfig each = CheckpointConfig.everySteps(1).keeping(0);
        TrainingResult whole =
                run(job("whole", data, model, "strategy.zero=" + zero).checkpoint(async ? each : each.synchronously()));
        for (int step = 1; step <= SmallRun.STEPS; step++) {
            String name = "rest-" + step;
            TrainingResult rest =
                    run(job(name, data, model, "strategy.zero=" + zero).resume(checkpoint("whole", step)));
            assertThat(losses(rest)).isEqualTo(losses(whole).subList(step, SmallRun.STEPS));
            assertThat(weights(name)).isEqualTo(weights("whole"));
            assertThat(rest.summary().steps()).isEqualTo(SmallRun.STEPS);
            assertThat(rest.summary().finalLoss()).isEqualTo(whole.summary().finalLoss());
        }
    }

    @Test
    void validationAndTheBestParametersGoOn() throws Exception {
        ValidationConfig how = ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 1)
                .keepingBest()
                .stoppingEarly(1, 0.01);
        TrainingJob validated = job("whole", 2, 1, "optimizer.learningRate=0.3").validation(how);
        TrainingResult whole =
                run(validated.checkpoint(CheckpointConfig.everySteps(1).keeping(0)));
        assertThat(whole.summary().validation().stoppedEarly()).isTrue();
        for (int step = 1; step <= whole.summary().steps(); step++) {
            TrainingResult rest =
                    run(validated.output(folder.resolve("rest-" + step)).resume(checkpoint("whole", step)));
            assertThat(losses(rest))
                    .isEqualTo(losses(whole).subList(step, whole.steps().size()));
            assertThat(rest.summary().validation()).isEqualTo(whole.summary().validation());
            assertThat(weights("rest-" + step)).isEqualTo(weights("whole"));
        }
    }

    @Test
    void onlyTheNewestAreKept() throws Exception {
        run(job("whole", 2, 1).checkpoint(CheckpointConfig.everySteps(1).keeping(2)));
        assertThat(new CheckpointFolder(folder.resolve("whole/checkpoints"))
                        .list(problem -> {}).stream()
                                .map(each -> each.manifest().step()))
                .containsExactly(4L, 3L);
    }

    @Test
    void aStoppedRunLeavesACheckpointOfAllItDid() throws Exception {
        TrainingJob stopped = job("whole", 2, 2).checkpoint(CheckpointConfig.everySteps(100));
        TrainingPlan plan = stopped.compile(BACKEND);
        // Ranks ask each other after the first step, and then twice a second, which is longer than this run.
        StopSignal stop = new StopSignal();
        stop.raise();
        List<CheckpointMetrics> told = new ArrayList<>();
        try (CommitCheckpoints commits = RunCheckpoints.committer(plan, step -> new byte[0], told::add)) {
            RunCheckpoints.begin(commits, plan, "attempt1");
            RunControl control = new RunControl("attempt1", commits, stop);
            assertThatThrownBy(() -> MeshTrainer.run(plan, stopped.network(), BACKEND, step -> {}, control))
                    .isInstanceOf(TrainingStoppedException.class)
                    .hasMessage("training was stopped after a checkpoint: steps=1. Go on from it with --resume latest,"
                            + " or TrainingJob.resume.");
        }
        assertThat(told).hasSize(1);
        long step = told.get(0).step() + 1;
        TrainingResult undisturbed = run(job("other", 2, 2));
        assertThat(losses(run(job("rest", 2, 2).resume(checkpoint("whole", step)))))
                .isEqualTo(losses(undisturbed).subList((int) step, SmallRun.STEPS));
    }

    @Test
    void theClockMayAskForOne() throws Exception {
        List<CheckpointMetrics> told = new ArrayList<>();
        TrainingJob timed = job("whole", 2, 1).checkpoint(CheckpointConfig.everySeconds(1));
        MeshTrainer.run(timed.compile(BACKEND), timed.network(), BACKEND, new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {
                if (step.step() == 1) {
                    try {
                        Thread.sleep(1100);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            }

            @Override
            public void onCheckpoint(CheckpointMetrics metrics) {
                told.add(metrics);
            }
        });
        // Ranks ask each other after a step that took long, and the end has one of its own.
        assertThat(told.stream().map(CheckpointMetrics::step)).contains(3L).hasSizeBetween(1, 2);
    }

    @Test
    void anotherNetworkOrOptimizerIsRefusedNamingWhatDiffers() throws Exception {
        run(job("whole", 1, 1).checkpoint(CheckpointConfig.everySteps(4)));
        Path from = checkpoint("whole", 4);
        TrainingJob otherOptimizer =
                job("rest", 1, 1).optimizer(SgdOptimizer.of(0.1)).resume(from);
        assertThatThrownBy(() -> run(otherOptimizer))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint is of another network or optimizer: path=" + from)
                .hasMessageContaining(".m' is not in this run");
        NetworkFactory wider = SmallRun.network(260);
        assertThatThrownBy(() -> run(job("rest", 1, 1).network(wider).resume(from)))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining(
                        "'wte.weight' is another tensor: expected=F32 [260, 32], found=F32" + " [250, 32]");
        assertThatThrownBy(() -> run(job("rest", 1, 1).resume(folder)))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith(
                        "folder is no checkpoint, or one that was not written to its end: path=" + folder);
    }

    @Test
    void copiesForCheckpointsArePlanned() {
        TrainingPlan none = job("whole", 2, 1).compile(BACKEND);
        TrainingPlan some =
                job("whole", 2, 1).checkpoint(CheckpointConfig.everySteps(1)).compile(BACKEND);
        TrainingPlan waiting = job("whole", 2, 1)
                .checkpoint(CheckpointConfig.everySteps(1).synchronously())
                .compile(BACKEND);
        assertThat(waiting.hostBytesPerDevice()).isEqualTo(none.hostBytesPerDevice());
        long state = none.parameterBytesPerDevice() + none.optimizerBytesPerDevice();
        // Each of two ranks writes about half of what both hold.
        assertThat(some.hostBytesPerDevice() - none.hostBytesPerDevice()).isBetween(state / 2, state * 6 / 10);
    }

    @Test
    void aPersonMayNameACheckpointInMoreThanOneWay() throws Exception {
        TrainingJob saved = job("whole", 1, 1).checkpoint(CheckpointConfig.everySteps(1));
        List<String> notes = new ArrayList<>();
        assertThatThrownBy(() -> saved.resume("latest", notes::add))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessage("there is no checkpoint to go on from: resume=latest, path="
                        + folder.resolve("whole/checkpoints") + ". Check the path, or begin anew without resume.");
        assertThatThrownBy(() -> job("whole", 1, 1).output(null).resume("latest", notes::add))
                .hasMessage("run has no folder of checkpoints: resume=latest. Give checkpoint.dir or output.dir, or the"
                        + " path of a checkpoint.");
        run(saved);
        Path newest = checkpoint("whole", 4);
        Path before = checkpoint("whole", 3);
        for (String choice : List.of(
                "latest", "latest-valid", newest.toString(), newest.getParent().toString(), folder + "/whole")) {
            assertThat(saved.resume(choice, notes::add).files().resume())
                    .as(choice)
                    .isEqualTo(newest);
        }
        assertThat(notes).isEmpty();
        Path file = newest.resolve("rank-00000.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
        assertThat(saved.resume("latest", notes::add).files().resume()).isEqualTo(newest);
        assertThat(saved.resume("latest-valid", notes::add).files().resume()).isEqualTo(before);
        assertThat(notes)
                .hasSize(1)
                .allMatch(note -> note.startsWith("passed over: checkpoint file is corrupt: path=" + file));
        assertThatThrownBy(() -> run(saved.output(folder.resolve("rest")).resume(newest)))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint file is corrupt: path=" + file + ", offset=0");
    }

    @Test
    void whatDiffersFromTheRunBeforeIsSaidOrRefused() throws Exception {
        run(job("whole", 1, 1).checkpoint(CheckpointConfig.everySteps(2)));
        Path half = checkpoint("whole", 2);
        TrainingJob other = job("rest", 1, 1).seed(6).resume(half);
        assertThat(MeshTrainer.checkFiles(other.compile(BACKEND), other.network()))
                .contains("run goes on otherwise than its checkpoint was made: seed was 5 and is 6");
        assertThatThrownBy(() -> job("rest", 1, 1).seed(6).resumeSame(half).compile(BACKEND))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessage("checkpoint is of another run: path=" + half
                        + ", seed was 5 and is 6. Repeat that run as it was, or remove its checkpoints.");
        TrainingJob over = job("rest", 1, 1).resume(checkpoint("whole", 4));
        assertThatThrownBy(() -> MeshTrainer.checkFiles(over.compile(BACKEND), over.network()))
                .hasMessageEndingWith("step=4, steps=4. Raise train.steps to train on.");
    }
}
