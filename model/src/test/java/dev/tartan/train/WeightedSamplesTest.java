package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Initializers;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Linear;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.network.PresentFields;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.metrics.StepMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Means over samples, or labels, that do not all count the same. */
class WeightedSamplesTest {
    private static final int STEPS = 4;
    private static final int REAL = 5;
    private static final int PADDED = 8;
    private static final MlpConfig MLP = new MlpConfig(3, List.of(8), 4, Activation.TANH);

    /** Which of 8 samples are real: some in each part of the batch, but for the last quarter, which is all padding. */
    private static final boolean[] IS_REAL = {true, true, true, false, true, true, false, false};

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 1, 1", "1, 2, 1", "1, 1, 2", "1, 1, 4", "2, 2, 2", "4, 1, 2"})
    void samplesOfWeightZeroDoNotCount(int data, int model, int microBatches) throws Exception {
        List<Double> exact = losses(job(MLP, batches(false)).globalBatch(REAL));
        List<Double> padded = losses(
                job(MLP, batches(true)).globalBatch(PADDED).mesh(data, model).microBatches(microBatches));
        for (int step = 0; step < STEPS; step++) {
            // Rounding of float32 sums in another order, over four updates.
            assertThat(padded.get(step)).isCloseTo(exact.get(step), within(2e-6));
        }
    }

    @Test
    void networkThatTakesItsOwnMeanIsRefused() {
        NetworkFactory own = OwnMean::new;
        assertThatThrownBy(() -> job(own, batches(true)).globalBatch(PADDED).compile(new Nd4jBackend(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("samples have weights, and the network takes no mean by them");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "2, 2"})
    void ignoredLabelsCountAsThoseOfWeightZero(int data, int microBatches) throws Exception {
        GptConfig gpt = GptConfig.of(16, 4, 8, 1, 2);
        List<Map<String, HostTensor>> ignored = new ArrayList<>();
        List<Map<String, HostTensor>> weighted = new ArrayList<>();
        Random random = new Random(5);
        Shape shape = Shape.shape(4, 5);
        for (int step = 0; step < STEPS; step++) {
            int[] tokens = random.ints(20, 0, 16).toArray();
            int[] labels = tokens.clone();
            float[] weights = new float[20];
            for (int i = 0; i < 20; i++) {
                boolean counts = random.nextInt(3) > 0;
                labels[i] = counts ? labels[i] : LanguageModel.IGNORED;
                weights[i] = counts ? 1 : 0;
            }
            ignored.add(Map.of("tokens", HostTensor.ofInts(shape, tokens), "labels", HostTensor.ofInts(shape, labels)));
            weighted.add(
                    Map.of("tokens", HostTensor.ofInts(shape, tokens), "weights", HostTensor.ofFloats(shape, weights)));
        }
        TrainingJob job = job(gpt, ignored).globalBatch(4).mesh(data, 1).microBatches(microBatches);
        assertThat(losses(job)).isEqualTo(losses(job.samples(new HeldSamples(weighted))));
    }

    private static TrainingJob job(NetworkFactory network, List<Map<String, HostTensor>> batches) {
        return TrainingJob.of(network)
                .optimizer(SgdOptimizer.of(0.5))
                .clipGlobalNorm(0)
                .steps(STEPS)
                .samples(new HeldSamples(batches));
    }

    private static List<Map<String, HostTensor>> batches(boolean padded) {
        Random random = new Random(3);
        List<Map<String, HostTensor>> steps = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            int count = padded ? PADDED : REAL;
            float[] x = new float[3 * count];
            int[] y = new int[count];
            float[] weights = new float[count];
            for (int i = 0, at = 0; i < PADDED; i++) {
                if (IS_REAL[i] || padded) {
                    for (int k = 0; k < 3; k++) {
                        // Padding holds numbers too, which must not be seen.
                        x[3 * at + k] = IS_REAL[i] ? (float) random.nextGaussian() : 100;
                    }
                    y[at] = IS_REAL[i] ? random.nextInt(4) : 0;
                    weights[at++] = IS_REAL[i] ? 1 : 0;
                }
            }
            Map<String, HostTensor> batch = new LinkedHashMap<>();
            batch.put("x", HostTensor.ofFloats(Shape.shape(count, 3), x));
            batch.put("y", HostTensor.ofInts(Shape.shape(count), y));
            if (padded) {
                batch.put(PresentFields.SAMPLE_WEIGHT.name(), HostTensor.ofFloats(Shape.shape(count), weights));
            }
            steps.add(batch);
        }
        return steps;
    }

    private static List<Double> losses(TrainingJob job) throws InterruptedException {
        Nd4jBackend backend = new Nd4jBackend(1);
        return MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {}).steps().stream()
                .map(StepMetrics::loss)
                .toList();
    }

    private static final class OwnMean extends Network {
        private final Linear layer = child("layer", new Linear(3, 4, Initializers.lecunNormal()));

        @Override
        public List<BatchField> batchFields() {
            return MLP.create().batchFields();
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            return layer.call(field(batch, "x")).crossEntropy(field(batch, "y")).meanAll();
        }
    }
}
