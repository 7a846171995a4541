package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.Manifest;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of groups of shards that hold the same: what is in them, and who goes on from them. */
class HybridResumeTest {
    private static final int STEPS = 6;
    private static final int DATA = 4;
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final NetworkFactory NETWORK = new LlamaConfig(257, 16, 48, 2, 6, 3, 80, 10_000, 1e-5, false, 0);
    private static final StrategyConfig WHOLE = StrategyConfig.defaults();
    private static final StrategyConfig HYBRID = WHOLE.withZero(3).withShard(2);

    @TempDir
    Path folder;

    @BeforeEach
    void writeText() throws Exception {
        Files.writeString(folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(20));
    }

    private TrainingJob job(String name, StrategyConfig strategy) {
        return TrainingJob.of(NETWORK)
                .mesh(DATA, 1)
                .strategy(strategy)
                .globalBatch(8)
                .steps(STEPS)
                .seed(3)
                .samples(new TextSamples(folder.resolve("text.txt")))
                .output(folder.resolve(name))
                .checkpoint(new CheckpointConfig(null, 2, 0, 0, true));
    }

    private static List<Double> run(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(BACKEND), NETWORK, BACKEND, step -> {}).steps().stream()
                .map(StepMetrics::loss)
                .toList();
    }

    private ShardedCheckpoint checkpoint(String run, int step) {
        return new CheckpointFolder(folder.resolve(run).resolve(CheckpointConfig.FOLDER))
                        .list(problem -> {
                            throw new AssertionError(problem);
                        })
                        .stream()
                        .filter(each -> each.manifest().step() == step)
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    void onTheSameMeshTheRunGoesOnBitwise() throws Exception {
        List<Double> undisturbed = run(job("first", HYBRID));
        List<Double> rest =
                run(job("rest", HYBRID).resume(checkpoint("first", 2).folder()));
        assertThat(rest).isEqualTo(undisturbed.subList(2, STEPS));
        assertThat(folder.resolve("rest").resolve(MeshTrainer.FINAL_FILE))
                .hasSameBinaryContentAs(folder.resolve("first").resolve(MeshTrainer.FINAL_FILE));
    }

    /** Two steps in groups, two with everything whole, two in groups. */
    @Test
    void toStageZeroAndBackIsTheSameRunWithinRounding() throws Exception {
        List<Double> undisturbed = run(job("first", HYBRID));
        List<Double> whole =
                run(job("whole", WHOLE).resume(checkpoint("first", 2).folder()));
        List<Double> back =
                run(job("back", HYBRID).resume(checkpoint("whole", 4).folder()));
        assertThat(whole).hasSize(4);
        assertThat(back).hasSize(2);
        assertClose(whole, undisturbed.subList(2, STEPS));
        assertClose(back, undisturbed.subList(4, STEPS));
    }

    private static void assertClose(List<Double> actual, List<Double> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).isCloseTo(expected.get(i), Offset.offset(expected.get(i) * 1e-5));
        }
    }

    /** Each of four ranks writes about a quarter, though two hold the same half. */
    @Test
    void whatSeveralGroupsHoldIsWrittenOnce() throws Exception {
        run(job("first", HYBRID));
        Manifest manifest = checkpoint("first", 2).manifest();
        assertThat(manifest.run()).containsEntry("mesh", Map.of("replica", 2, "data", 2, "model", 1));
        long bytes = manifest.tensors().stream().mapToLong(StoredTensor::bytes).sum();
        long headers = 16 << 10;
        List<ShardFile> files = manifest.files().stream()
                .filter(file -> file.name().startsWith("rank-"))
                .toList();
        assertThat(files).hasSize(DATA);
        assertThat(manifest.bytes()).isBetween(bytes, bytes + DATA * headers);
        assertThat(files).allSatisfy(file -> assertThat(file.bytes()).isBetween(bytes / 5, bytes / 3));
    }
}
