package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.JsonFile;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ReshardCheckpoint;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.checkpoint.ExportParameters;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of a run's checkpoints: files for other tools, and checkpoints of other numbers of files. */
class ExportedParametersTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final long NO_LIMIT = Long.MAX_VALUE;

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

    private ShardedCheckpoint checkpoint(String name, long step) {
        return new CheckpointFolder(folder.resolve(name).resolve("checkpoints"))
                        .list(problem -> {
                            throw new AssertionError(problem);
                        })
                        .stream()
                        .filter(each -> each.manifest().step() == step)
                        .findFirst()
                        .orElseThrow();
    }

    private List<Path> export(ShardedCheckpoint checkpoint, SafetensorsType type, long maxShardBytes) {
        return ExportParameters.run(checkpoint, false, folder.resolve("exported"), type, maxShardBytes, bytes -> {});
    }

    private Path result(String name) {
        return folder.resolve(name).resolve(MeshTrainer.FINAL_FILE);
    }

    @ParameterizedTest
    @CsvSource({"1,1,0", "2,1,3", "2,2,1", "1,2,0", "2,2,3"})
    void oneFileIsTheResultOfTheRunByteForByte(int data, int model, int zero) throws Exception {
        run(job("whole", data, model, "strategy.zero=" + zero).checkpoint(CheckpointConfig.everySteps(2)));
        List<Path> files = export(checkpoint("whole", SmallRun.STEPS), SafetensorsType.F32, NO_LIMIT);
        assertThat(files).containsExactly(folder.resolve("exported/model.safetensors"));
        assertThat(files.get(0)).hasSameBinaryContentAs(result("whole"));
        assertThat(names(folder.resolve("exported"))).containsExactly("model.safetensors");
    }

    @Test
    void shardsHoldTheResultOfTheRunAndAreReadBack() throws Exception {
        TrainingJob job = job("whole", 2, 2, "strategy.zero=3").checkpoint(CheckpointConfig.everySteps(2));
        run(job);
        long limit = 40_000;
        List<Path> files = export(checkpoint("whole", SmallRun.STEPS), SafetensorsType.F32, limit);
        int shards = files.size() - 1;
        assertThat(shards).isGreaterThan(2);
        assertThat(files.get(0).getFileName()).hasToString(String.format("model-00001-of-%05d.safetensors", shards));
        Path index = files.get(shards);
        assertThat(index).isEqualTo(folder.resolve("exported/model.safetensors.index.json"));
        assertThat(index)
                .content()
                .startsWith("{\n  \"metadata\" : {\n    \"total_size\" : ")
                .endsWith("}\n");
        try (CheckpointFiles exported = CheckpointFiles.open(folder.resolve("exported"));
                SafetensorsReader expected = SafetensorsReader.open(result("whole"))) {
            assertThat(exported.tensors().keySet()).isEqualTo(expected.tensors().keySet());
            long total = 0;
            for (String name : expected.tensors().keySet()) {
                assertThat(exported.tensor(name).shape())
                        .isEqualTo(expected.tensor(name).shape());
                assertThat(exported.readFloats(
                                name, TensorSlice.whole(expected.tensor(name).shape())))
                        .isEqualTo(expected.readFloats(name));
                total += expected.tensor(name).bytes();
            }
            assertThat(JsonFile.readObject(index).get("metadata")).isEqualTo(Map.of("total_size", (int) total));
        }
        for (Path file : files.subList(0, shards)) {
            try (SafetensorsReader reader = SafetensorsReader.open(file)) {
                long bytes = reader.tensors().values().stream()
                        .mapToLong(entry -> entry.bytes())
                        .sum();
                assertThat(reader.tensors().size() == 1 || bytes <= limit).isTrue();
            }
        }
        Path from = folder.resolve("exported");
        List<Double> byShards = losses(run(job("shards", 2, 1, "init.from=" + from)));
        assertThat(byShards).isEqualTo(losses(run(job("file", 2, 1, "init.from=" + result("whole")))));
    }

    @Test
    void narrowerTypesAreRoundedAndReadBack() throws Exception {
        run(job("whole", 2, 1).checkpoint(CheckpointConfig.everySteps(4)));
        Path file = export(checkpoint("whole", SmallRun.STEPS), SafetensorsType.BF16, NO_LIMIT)
                .get(0);
        try (SafetensorsReader narrow = SafetensorsReader.open(file);
                SafetensorsReader wide = SafetensorsReader.open(result("whole"))) {
            for (String name : wide.tensors().keySet()) {
                assertThat(narrow.tensor(name).type()).isEqualTo(SafetensorsType.BF16);
                float[] values = wide.readFloats(name);
                float[] rounded = narrow.readFloats(name);
                for (int i = 0; i < values.length; i++) {
                    assertThat(Math.abs(rounded[i] - values[i])).isLessThanOrEqualTo(Math.abs(values[i]) * 0x1p-8f);
                }
            }
        }
        assertThat(losses(run(job("rest", 1, 1, "init.from=" + file)))).hasSize(SmallRun.STEPS);
    }

    @Test
    void theBestParametersAreTheResultOfARunThatKeepsThem() throws Exception {
        // The highest loss is that of the first round, whatever the CPU.
        ValidationConfig how = ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 1)
                .judgedBy(ValidationConfig.LOSS, true)
                .keepingBest();
        run(job("whole", 2, 1).validation(how).checkpoint(CheckpointConfig.everySteps(1)));
        ShardedCheckpoint last = checkpoint("whole", SmallRun.STEPS);
        Path best = ExportParameters.run(last, true, folder.resolve("best"), SafetensorsType.F32, NO_LIMIT, bytes -> {})
                .get(0);
        assertThat(best).hasSameBinaryContentAs(result("whole"));
        Path now = export(last, SafetensorsType.F32, NO_LIMIT).get(0);
        assertThat(Files.readAllBytes(now)).isNotEqualTo(Files.readAllBytes(best));
    }

    @Test
    void aRunOnTextIsExportedWithItsVocabulary() throws Exception {
        Files.writeString(folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(20));
        TrainingJob job = job("whole", 1, 1, "train.steps=2", "network.vocab=300", "train.globalBatch=4")
                .samples(new TextSamples(folder.resolve("text.txt")))
                .checkpoint(CheckpointConfig.everySteps(2));
        run(job);
        Path file =
                export(checkpoint("whole", 2), SafetensorsType.F32, NO_LIMIT).get(0);
        assertThat(file).hasSameBinaryContentAs(result("whole"));
    }

    @Test
    void earlierFilesAndWhatIsNotThereAreRefused() throws Exception {
        run(job("whole", 1, 1).checkpoint(CheckpointConfig.everySteps(4)));
        ShardedCheckpoint checkpoint = checkpoint("whole", SmallRun.STEPS);
        export(checkpoint, SafetensorsType.F32, NO_LIMIT);
        Path exported = folder.resolve("exported");
        assertThatThrownBy(() -> export(checkpoint, SafetensorsType.F32, 1000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("folder has safetensors files already: path=" + exported
                        + ", found=model.safetensors. Give another folder, or remove them.");
        assertThatThrownBy(() -> ExportParameters.run(
                        checkpoint, true, folder.resolve("best"), SafetensorsType.F32, NO_LIMIT, bytes -> {}))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith(
                        "checkpoint has no copies of the best parameters: path=" + checkpoint.folder() + ".");
    }

    @Test
    void aDamagedCheckpointLeavesNoFilesBehind() throws Exception {
        run(job("whole", 1, 1).checkpoint(CheckpointConfig.everySteps(4)));
        ShardedCheckpoint checkpoint = checkpoint("whole", SmallRun.STEPS);
        Path file = checkpoint.folder().resolve("rank-00000.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[50_000] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> export(checkpoint, SafetensorsType.F32, 20_000))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint file is corrupt: path=" + file);
        assertThat(names(folder.resolve("exported"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"2,1,1,3", "2,2,3,1", "1,2,0,5"})
    void aReshardedCheckpointGoesOnBitwise(int data, int model, int zero, int files) throws Exception {
        ValidationConfig how = ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 1)
                .keepingBest();
        TrainingJob job = job("whole", data, model, "strategy.zero=" + zero).validation(how);
        TrainingResult whole = run(job.checkpoint(CheckpointConfig.everySteps(2)));
        Path made = folder.resolve("resharded");
        ReshardCheckpoint.run(checkpoint("whole", 2), made, files, bytes -> {}).verify();
        assertThat(made.resolve("metrics.jsonl"))
                .hasSameBinaryContentAs(checkpoint("whole", 2).folder().resolve("metrics.jsonl"));
        TrainingResult rest = run(job.output(folder.resolve("rest")).resume(made));
        assertThat(losses(rest)).isEqualTo(losses(whole).subList(2, SmallRun.STEPS));
        assertThat(rest.summary().validation()).isEqualTo(whole.summary().validation());
        assertThat(result("rest")).hasSameBinaryContentAs(result("whole"));
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
