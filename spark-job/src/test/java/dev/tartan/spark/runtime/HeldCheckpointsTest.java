package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.MlpLoss;
import dev.tartan.op.Activation;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.data.BatchFileSamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an output folder in which a run left checkpoints. */
class HeldCheckpointsTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    @TempDir
    Path folder;

    private TrainingJob job;

    @BeforeEach
    void writeBatches() {
        Path data = folder.resolve("data.safetensors");
        Shape x = Shape.shape(3, 4, 2);
        Shape y = Shape.shape(3, 4);
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                data,
                List.of(new TensorDeclaration("x", DType.FLOAT32, x), new TensorDeclaration("y", DType.INT32, y)),
                Map.of())) {
            writer.writeFloats("x", TensorSlice.whole(x), new float[24]);
            writer.writeInts("y", TensorSlice.whole(y), new int[12]);
            writer.finish();
        }
        job = TrainingJob.of(new MlpConfig(2, List.of(4), 2, Activation.RELU, MlpLoss.CROSS_ENTROPY))
                .globalBatch(4)
                .steps(3)
                .samples(new BatchFileSamples(data))
                .output(folder.resolve("out"))
                .checkpoint(CheckpointConfig.everySteps(1));
    }

    private TrainingPlan train() throws InterruptedException {
        TrainingPlan plan = job.compile(BACKEND);
        MeshTrainer.run(plan, job.network(), BACKEND, step -> {});
        return plan;
    }

    @Test
    void aRunThatGoesOnLeavesThemWhereTheyAre() throws Exception {
        train();
        TrainingPlan next = job.steps(4).resume("latest", note -> {}).compile(BACKEND);
        try (HeldFolder held = HeldFolder.of(next)) {
            assertThat(held.aside()).isNull();
            assertThat(folder.resolve("out/final.safetensors")).exists();
            assertThat(folder.resolve("out/checkpoints")).isNotEmptyDirectory();
        }
    }

    @Test
    void aRunThatBeginsAnewMovesThemAside() throws Exception {
        TrainingPlan plan = train();
        try (HeldFolder held = HeldFolder.of(plan)) {
            assertThat(held.aside()).isNotNull();
            assertThat(held.aside().resolve("checkpoints")).isNotEmptyDirectory();
            assertThat(folder.resolve("out/checkpoints")).doesNotExist();
        }
    }

    @Test
    void aFolderOfTheirOwnIsRefusedUnlessTheRunGoesOn() throws Exception {
        Path own = Files.createDirectories(folder.resolve("own"));
        job = job.checkpoint(CheckpointConfig.everySteps(1).in(own));
        TrainingPlan plan = train();
        assertThatThrownBy(() -> HeldFolder.of(plan))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("checkpoint.dir holds checkpoints of an earlier run: path=" + own
                        + ", newestStep=3. Go on with --resume latest (TrainingJob.resume), or choose another folder.");
        TrainingPlan next = job.steps(4).resume("latest", note -> {}).compile(BACKEND);
        try (HeldFolder held = HeldFolder.of(next)) {
            assertThatThrownBy(() -> HeldFolder.of(job.steps(4)
                            .output(folder.resolve("elsewhere"))
                            .resume("latest", note -> {})
                            .compile(BACKEND)))
                    .as("two runs in one folder of checkpoints: %s", held)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
