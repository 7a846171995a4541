package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptions;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks of DL4J's are trained in bfloat16 as any others: convolutions, batch norm, pooling, recurrences. */
class Dl4jPrecisionTest {
    private static final int STEPS = 10;
    private static final int BATCH = 8;

    /** Of the first loss: where a loss falls by a third in a step, a rounded update is a part of a step behind. */
    private static final double ROUNDING = 0.02;

    @TempDir
    Path folder;

    private static NeuralNetConfiguration.ListBuilder layers() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(0.01))
                .l2(1e-3)
                .activation(Activation.RELU)
                .list();
    }

    @Test
    void convolutions() throws Exception {
        MultiLayerConfiguration network = layers().layer(
                        new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                .layer(new BatchNormalization())
                .layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX, new int[] {2, 2}).build())
                .layer(new DenseLayer.Builder().nOut(12).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 2))
                .build();
        check(network, Dl4jOptions.none().features(2, 8, 8), Shape.shape(2, 8, 8), Shape.shape(3));
    }

    @Test
    void recurrences() throws Exception {
        MultiLayerConfiguration network = layers().layer(new LSTM.Builder()
                        .nIn(4)
                        .nOut(8)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(8)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
        check(network, Dl4jOptions.none().steps(6), Shape.shape(4, 6), Shape.shape(3, 6));
    }

    private void check(MultiLayerConfiguration network, Dl4jOptions options, Shape features, Shape labels)
            throws Exception {
        BatchFileSamples samples =
                new FeaturesFile(folder.resolve("samples.safetensors"), STEPS, BATCH, features, labels).write();
        List<Double> wide = losses(network, options, samples, PrecisionPolicy.float32());
        List<Double> low =
                losses(network, options, samples, PrecisionPolicy.bfloat16().withReduce(DType.BFLOAT16));
        assertThat(wide.get(STEPS - 1)).isLessThan(wide.get(0) - 0.3);
        for (int step = 0; step < STEPS; step++) {
            double loss = wide.get(step);
            assertThat(low.get(step))
                    .as("step %s", step)
                    .isNotEqualTo(loss)
                    .isCloseTo(loss, within(ROUNDING * wide.get(0)));
        }
    }

    private List<Double> losses(
            MultiLayerConfiguration network, Dl4jOptions options, BatchFileSamples samples, PrecisionPolicy precision)
            throws Exception {
        Nd4jBackend backend = new Nd4jBackend(1);
        TrainingJob job = TrainingJob.of(() -> Dl4jNetwork.of(network, options))
                .optimizer(Dl4jNetwork.of(network, options).optimizer())
                .clipGlobalNorm(0)
                .mesh(2, 2)
                .globalBatch(BATCH)
                .steps(STEPS)
                .samples(samples)
                .precision(precision);
        TrainingResult result = MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        return result.steps().stream().map(StepMetrics::loss).toList();
    }
}
