package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.GptConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.op.Activation;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs of trained networks. */
class PredictorTest {
    private static final int BATCH = 5;

    @TempDir
    private Path folder;

    private final Nd4jBackend backend = new Nd4jBackend(1);

    private static Map<String, HostTensor> batch(int seed) {
        Random random = new Random(seed);
        float[] x = new float[BATCH * CenteredNet.INPUTS];
        int[] y = new int[BATCH];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (3 + random.nextGaussian());
        }
        for (int i = 0; i < BATCH; i++) {
            y[i] = random.nextInt(CenteredNet.CLASSES);
        }
        Map<String, HostTensor> batch = new LinkedHashMap<>();
        batch.put("x", HostTensor.ofFloats(Shape.shape(BATCH, CenteredNet.INPUTS), x));
        batch.put("y", HostTensor.ofInts(Shape.shape(BATCH), y));
        return batch;
    }

    private Path trained() throws InterruptedException {
        List<Map<String, HostTensor>> steps = new ArrayList<>();
        for (int step = 0; step < 3; step++) {
            steps.add(batch(step));
        }
        TrainingJob job = TrainingJob.of(CenteredNet::new)
                .globalBatch(BATCH)
                .steps(steps.size())
                .samples(new HeldSamples(steps))
                .output(folder);
        MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        return folder.resolve(MeshTrainer.FINAL_FILE);
    }

    private InferencePlan plan(String... outputs) {
        return InferencePlan.compile(new CenteredNet(), BATCH, Set.of(outputs), Set.of(), backend);
    }

    private static float[] read(Path file, String tensor) {
        try (CheckpointFiles files = CheckpointFiles.open(file)) {
            return files.readFloats(
                    tensor, TensorSlice.whole(files.tensor(tensor).shape()));
        }
    }

    @Test
    void outputsAreThoseOfTheFileWithItsStateAndWithoutDropout() throws InterruptedException {
        Path file = trained();
        float[] mean = read(file, "mean");
        float[] weight = read(file, "weight");
        assertThat(mean).as("the mean of the last batch, around 3").doesNotContain(0f);
        InferencePlan plan = plan("scores", "losses");
        Predictor predictor = new Predictor(plan, file, backend);
        try {
            for (int seed = 7; seed < 9; seed++) {
                Map<String, HostTensor> batch = batch(seed);
                Map<String, HostTensor> outputs = predictor.predict(batch);
                float[] scores = Objects.requireNonNull(outputs.get("scores")).floats();
                float[] losses = Objects.requireNonNull(outputs.get("losses")).floats();
                float[] x = Objects.requireNonNull(batch.get("x")).floats();
                for (int sample = 0; sample < BATCH; sample++) {
                    double sum = 0;
                    double ofLabel = 0;
                    for (int c = 0; c < CenteredNet.CLASSES; c++) {
                        double score = 0;
                        for (int i = 0; i < CenteredNet.INPUTS; i++) {
                            score += (x[sample * CenteredNet.INPUTS + i] - mean[i])
                                    * weight[i * CenteredNet.CLASSES + c];
                        }
                        // Three products in float32.
                        assertThat((double) scores[sample * CenteredNet.CLASSES + c])
                                .isCloseTo(score, within(1e-5));
                        sum += Math.exp(score);
                        if (c == Objects.requireNonNull(batch.get("y")).ints()[sample]) {
                            ofLabel = score;
                        }
                    }
                    assertThat((double) losses[sample]).isCloseTo(Math.log(sum) - ofLabel, within(1e-5));
                }
            }
        } finally {
            predictor.close();
        }
    }

    @Test
    void onlyWhatTheOutputsUseIsNeeded() {
        InferencePlan scores = plan("scores");
        assertThat(scores.fields()).extracting(BatchField::name).containsExactly("x");
        assertThat(scores.parameters()).extracting(PlannedState::name).containsExactlyInAnyOrder("mean", "weight");
        assertThat(scores.outputs().get("scores")).hasToString("f32[4]");
        InferencePlan.Signature labels = InferencePlan.signature(new CenteredNet(), Set.of("labels"), Set.of());
        assertThat(labels.fields()).extracting(BatchField::name).containsExactly("y");
        assertThat(Objects.requireNonNull(labels.outputs().get("labels")).dtype())
                .isEqualTo(DType.INT32);
    }

    @Test
    void aFieldThatIsAnOutputItselfComesBack() throws InterruptedException {
        Predictor predictor = new Predictor(plan("labels"), trained(), backend);
        try {
            HostTensor y = Objects.requireNonNull(batch(4).get("y"));
            assertThat(Objects.requireNonNull(predictor.predict(Map.of("y", y)).get("labels"))
                            .ints())
                    .isEqualTo(y.ints());
        } finally {
            predictor.close();
        }
    }

    @Test
    void whatCannotBePredictedIsRefused() throws InterruptedException {
        Path file = trained();
        assertThatThrownBy(() -> plan("score"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("network has no such output: output=score, network=CenteredNet,"
                        + " outputs=[labels, losses, scores, wholeBatch].");
        assertThatThrownBy(() -> plan("wholeBatch"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "output of the network cannot be given for each sample: output=wholeBatch, type=f32[], batch=5.");
        assertThatThrownBy(() -> InferencePlan.compile(new WatchedMlp(), BATCH, Set.of(), Set.of(), backend))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("network has no outputs: network=WatchedMlp. Override Network.outputs to say what it"
                        + " predicts.");
        InferencePlan other = InferencePlan.compile(
                new MlpConfig(3, List.of(2), 2, Activation.RELU).create(), 1, Set.of(), Set.of(), backend);
        assertThatThrownBy(() -> new Predictor(other, file, backend))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("file is not one of this network: path=" + file
                        + ", tensor=layers.0.weight, expected=[3, 2], actual=none.");
        Predictor predictor = new Predictor(plan("scores"), file, backend);
        try {
            assertThatThrownBy(() -> predictor.predict(
                            Map.of("x", HostTensor.ofFloats(Shape.shape(1, CenteredNet.INPUTS), new float[3]))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("batch does not fill a field: field=x, wanted=f32[5, 3], given=f32[1, 3]. Give each"
                            + " field of the plan.");
        } finally {
            predictor.close();
        }
    }

    @Test
    void aLanguageModelHasLogitsOfItsTokens() {
        InferencePlan.Signature gpt =
                InferencePlan.signature(new GptConfig(250, 8, 16, 1, 2, 0, 1e-5, true, 0).create(), Set.of(), Set.of());
        assertThat(gpt.fields()).extracting(BatchField::name).containsExactly("tokens");
        assertThat(gpt.outputs()).hasToString("{logits=f32[8, 250]}");
    }
}
