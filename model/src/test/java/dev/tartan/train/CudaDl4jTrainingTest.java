package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptions;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer.PoolingType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks of DL4J's, trained whole by the CUDA backend without a GPU. */
@Tag("slow")
@Timeout(600)
class CudaDl4jTrainingTest {
    /** The first without graphs, the second captures them, the third launches them again. */
    private static final int STEPS = 3;

    private static final int BATCH = 4;

    @TempDir
    Path folder;

    private static NeuralNetConfiguration.ListBuilder layers() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(0.01))
                .activation(Activation.RELU)
                .convolutionMode(ConvolutionMode.Truncate)
                .list();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static SubsamplingLayer pooling(PoolingType type, int size, int stride) {
        SubsamplingLayer.Builder builder =
                new SubsamplingLayer.Builder(type, new int[] {size, size}, new int[] {stride, stride});
        return type == PoolingType.PNORM ? builder.pnorm(2).build() : builder.build();
    }

    /** LeNet, smaller. */
    private static MultiLayerConfiguration leNet() {
        return layers().layer(new ConvolutionLayer.Builder(5, 5).nOut(4).build())
                .layer(pooling(PoolingType.MAX, 2, 2))
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(6).build())
                .layer(pooling(PoolingType.MAX, 2, 2))
                .layer(new DenseLayer.Builder().nOut(12).build())
                .layer(output())
                .setInputType(InputType.convolutional(15, 13, 1))
                .build();
    }

    /** Every op on images that there is, with windows that overlap. */
    private static MultiLayerConfiguration allOps() {
        return layers().layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(4)
                        .stride(2, 2)
                        .convolutionMode(ConvolutionMode.Same)
                        .build())
                .layer(new BatchNormalization())
                .layer(new DepthwiseConvolution2D.Builder(3, 2)
                        .depthMultiplier(2)
                        .dilation(2, 1)
                        .build())
                .layer(new Deconvolution2D.Builder(2, 2).nOut(5).stride(2, 2).build())
                .layer(pooling(PoolingType.AVG, 3, 1))
                .layer(new ConvolutionLayer.Builder(1, 1).nOut(4).build())
                .layer(pooling(PoolingType.PNORM, 2, 1))
                .layer(pooling(PoolingType.MAX, 2, 1))
                .layer(output())
                .setInputType(InputType.convolutional(13, 11, 2))
                .build();
    }

    private static MultiLayerConfiguration recurrent() {
        return layers().layer(new LSTM.Builder()
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
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void imagesTrainAsOnTheCpu(int data) throws Exception {
        TrainingJob first =
                job(leNet(), Dl4jOptions.none().features(1, 15, 13), Shape.shape(1, 15, 13), Shape.shape(3));
        check(first.mesh(data, 1), first.mesh(data, 1), loss -> 1e-5);
        TrainingJob second =
                job(allOps(), Dl4jOptions.none().features(2, 13, 11), Shape.shape(2, 13, 11), Shape.shape(3));
        check(second.mesh(data, 1), second.mesh(data, 1), loss -> 1e-5);
    }

    /** Within 1 % of float32 on the CPU. */
    @Test
    void imagesTrainInBfloat16() throws Exception {
        TrainingJob job = job(leNet(), Dl4jOptions.none().features(1, 15, 13), Shape.shape(1, 15, 13), Shape.shape(3));
        check(job.mesh(2, 1), job.mesh(2, 1).precision(PrecisionPolicy.bfloat16()), loss -> 0.01 * loss);
    }

    /** A product and a kernel a step. */
    @Test
    void recurrencesTrainAsOnTheCpu() throws Exception {
        TrainingJob job = job(recurrent(), Dl4jOptions.none().steps(3), Shape.shape(4, 3), Shape.shape(3, 3));
        check(job.mesh(1, 1), job.mesh(1, 1), loss -> 1e-5);
    }

    private TrainingJob job(MultiLayerConfiguration network, Dl4jOptions options, Shape features, Shape labels) {
        String name = "samples" + features + ".safetensors";
        SampleSource samples = new FeaturesFile(folder.resolve(name), STEPS, BATCH, features, labels).write();
        return TrainingJob.of(() -> Dl4jNetwork.of(network, options))
                .optimizer(Dl4jNetwork.of(network, options).optimizer())
                .clipGlobalNorm(0)
                .globalBatch(BATCH)
                .steps(STEPS)
                .samples(samples);
    }

    /** @param tolerance of a loss, by what it is on the CPU */
    private static void check(TrainingJob onCpu, TrainingJob onCuda, DoubleUnaryOperator tolerance) throws Exception {
        Backend cpu = new Nd4jBackend(1);
        List<Double> expected = losses(MeshTrainer.run(onCpu.compile(cpu), onCpu.network(), cpu, step -> {}));
        HostCudaBackend cuda = new HostCudaBackend(onCuda.mesh().data(), 1);
        TrainingPlan plan = onCuda.compile(cuda.backend());
        TrainingResult result = MeshTrainer.run(plan, onCuda.network(), cuda.backend(), step -> {});
        List<Double> actual = losses(result);
        assertThat(actual).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            double loss = expected.get(step);
            assertThat(actual.get(step)).as("step %s", step).isCloseTo(loss, within(tolerance.applyAsDouble(loss)));
        }
        assertThat(expected.get(STEPS - 1)).isNotCloseTo(expected.get(0), within(1e-2));
        assertThat(cuda.numGraphLaunches()).isPositive();
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(plan.step().memory().arenaBytes());
        CudaTrainingTest.expectPlannedBytes(plan, cuda);
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }
}
