package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints are copied out while the next step runs, which must not write over what is not copied yet. */
class CopiedMeanwhileTest {
    private final Nd4jBackend backend = new Nd4jBackend(1);

    @TempDir
    Path folder;

    /** With steps of some milliseconds, and copies that take many times as long. */
    @ParameterizedTest
    @CsvSource({
        "1,1,0,train.onNonFinite=skip",
        "1,1,0,train.microBatches=2",
        "2,1,1,train.onNonFinite=stop",
        "2,2,2,optimizer.clipGlobalNorm=1",
        "2,1,3,train.onNonFinite=stop",
    })
    void slowCopiesHoldWhatTheStatesWereAfterTheirStep(int data, int model, int zero, String key) throws Exception {
        SmallRun.tokens(folder);
        List<String> keys = List.of("optimizer={kind=adamw, learningRate=0.1}", "strategy.zero=" + zero, key);
        SlowCopies slow = new SlowCopies(backend);
        run("sync", data, model, keys, CheckpointConfig.everySteps(1).keeping(0).synchronously(), backend);
        run("async", data, model, keys, CheckpointConfig.everySteps(1).keeping(0), slow);
        assertThat(slow.slow()).isGreaterThan(SmallRun.STEPS * 20);
        Map<String, byte[]> expected = files("sync");
        Map<String, byte[]> actual = files("async");
        assertThat(expected).hasSize(SmallRun.STEPS * data * model);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    }

    private void run(String name, int data, int model, List<String> keys, CheckpointConfig checkpoints, Backend on)
            throws InterruptedException {
        // The best parameters are copied out too, and replaced by each better round.
        ValidationConfig how = ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 1)
                .keepingBest();
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, name, data, model, keys.toArray(String[]::new)))
                .validation(how)
                .checkpoint(checkpoints);
        MeshTrainer.run(job.compile(on), job.network(), on, step -> {});
    }

    /** Files of ranks, by step and name. */
    private Map<String, byte[]> files(String name) throws Exception {
        Map<String, byte[]> all = new TreeMap<>();
        List<ShardedCheckpoint> whole = new CheckpointFolder(
                        folder.resolve(name).resolve("checkpoints"))
                .list(problem -> {
                    throw new AssertionError(problem);
                });
        for (ShardedCheckpoint each : whole) {
            each.verify();
            List<Path> files = new ArrayList<>();
            try (var paths = Files.newDirectoryStream(each.folder(), "*.safetensors")) {
                paths.forEach(files::add);
            }
            for (Path file : files) {
                all.put(each.manifest().step() + "/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
        return all;
    }
}
