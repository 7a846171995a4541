package dev.tartan.dl4j;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.MinMaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.constraint.UnitNormConstraint;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossCosineProximity;
import org.nd4j.linalg.lossfunctions.impl.LossHinge;
import org.nd4j.linalg.lossfunctions.impl.LossKLD;
import org.nd4j.linalg.lossfunctions.impl.LossL1;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMAE;
import org.nd4j.linalg.lossfunctions.impl.LossMAPE;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossMSLE;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSquaredHinge;
import org.nd4j.linalg.schedule.CycleSchedule;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.InverseSchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.PolySchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.SigmoidSchedule;
import org.nd4j.linalg.schedule.StepSchedule;

/** What the goldens do not cover, against DL4J itself in double precision. */
class AgainstDl4jTest {
    private static final int BATCH = 4;
    private static final double[] CLASS_WEIGHTS = {0.5, 2, 1};

    private static NeuralNetConfiguration.Builder base() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .dataType(DataType.DOUBLE)
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.TANH)
                .updater(new Sgd(0.1));
    }

    private static INDArray normal(long[] shape, Random random) {
        return AgainstDl4j.filled(shape, random::nextGaussian);
    }

    /** One class a sample, or a step of one. */
    private static INDArray classes(long[] shape, Random random) {
        INDArray y = Nd4j.zeros(DataType.DOUBLE, shape);
        long steps = shape.length > 2 ? shape[2] : 1;
        for (long i = 0; i < shape[0]; i++) {
            for (long t = 0; t < steps; t++) {
                int c = random.nextInt((int) shape[1]);
                if (shape.length > 2) {
                    y.putScalar(new long[] {i, c, t}, 1);
                } else {
                    y.putScalar(new long[] {i, c}, 1);
                }
            }
        }
        return y;
    }

    /** Sequences of two steps or more; the first is whole. */
    private static INDArray lengths(long[] shape, Random random) {
        INDArray mask = Nd4j.zeros(DataType.DOUBLE, shape);
        for (long i = 0; i < shape[0]; i++) {
            long length = i == 0 ? shape[1] : 2 + random.nextInt((int) shape[1] - 1);
            for (long t = 0; t < length; t++) {
                mask.putScalar(new long[] {i, t}, 1);
            }
        }
        return mask;
    }

    private static INDArray usual(String field, long[] shape, Random random) {
        if (field.startsWith("labels")) {
            return field.contains("Mask") ? lengths(shape, random) : classes(shape, random);
        }
        return field.contains("Mask") ? lengths(shape, random) : normal(shape, random);
    }

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SOFTMAX", "RRELU", "THRESHOLDEDRELU"})
    void activationFunctions(Activation activation) {
        MultiLayerConfiguration conf = base().list()
                .layer(new DenseLayer.Builder()
                        .nIn(5)
                        .nOut(6)
                        .activation(activation)
                        .build())
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nIn(6)
                        .nOut(3)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, AgainstDl4jTest::usual);
    }

    static Stream<Arguments> losses() {
        INDArray weights = Nd4j.createFromArray(CLASS_WEIGHTS);
        return Stream.of(
                Arguments.of(new LossMCXENT(), Activation.SOFTMAX),
                Arguments.of(new LossMCXENT(weights), Activation.SOFTMAX),
                Arguments.of(new LossSparseMCXENT(), Activation.SOFTMAX),
                Arguments.of(new LossBinaryXENT(), Activation.SIGMOID),
                Arguments.of(new LossBinaryXENT(weights), Activation.SIGMOID),
                Arguments.of(new LossMSE(), Activation.SOFTMAX),
                Arguments.of(new LossMSE(weights), Activation.TANH),
                Arguments.of(new LossL2(), Activation.SIGMOID),
                Arguments.of(new LossL1(), Activation.IDENTITY),
                Arguments.of(new LossMAE(), Activation.TANH),
                Arguments.of(new LossMAPE(), Activation.IDENTITY),
                Arguments.of(new LossMSLE(), Activation.SIGMOID),
                Arguments.of(new LossKLD(), Activation.SOFTMAX),
                Arguments.of(new LossKLD(), Activation.SIGMOID),
                Arguments.of(new LossPoisson(), Activation.SOFTPLUS),
                Arguments.of(new LossHinge(), Activation.IDENTITY),
                Arguments.of(new LossSquaredHinge(), Activation.TANH),
                Arguments.of(new LossCosineProximity(), Activation.IDENTITY));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void lossFunctions(ILossFunction loss, Activation activation) {
        MultiLayerConfiguration conf = base().l1(0.01)
                .l2(0.02)
                .list()
                .layer(new DenseLayer.Builder().nIn(5).nOut(6).build())
                .layer(new OutputLayer.Builder(loss)
                        .activation(activation)
                        .nIn(6)
                        .nOut(3)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, (field, shape, random) -> {
            if (!field.equals("labels")) {
                return usual(field, shape, random);
            } else if (loss instanceof LossSparseMCXENT) {
                return AgainstDl4j.filled(shape, () -> random.nextInt(3));
            } else if (loss instanceof LossHinge || loss instanceof LossSquaredHinge) {
                return AgainstDl4j.filled(shape, () -> random.nextBoolean() ? 1 : -1);
            } else if (loss instanceof LossBinaryXENT) {
                return AgainstDl4j.filled(shape, () -> random.nextBoolean() ? 1 : 0);
            } else if (loss instanceof LossMCXENT) {
                // Soft labels that do not add up to 1: DL4J's gradient is not the derivative there.
                return AgainstDl4j.filled(shape, random::nextDouble);
            }
            return AgainstDl4j.filled(shape, () -> 0.1 + random.nextDouble());
        });
    }

    static Stream<ISchedule> schedules() {
        ScheduleType type = ScheduleType.ITERATION;
        return Stream.of(
                new StepSchedule(type, 0.2, 0.5, 2),
                new ExponentialSchedule(type, 0.2, 0.7),
                new InverseSchedule(type, 0.2, 0.3, 1.5),
                new PolySchedule(type, 0.1, 2, 2),
                new SigmoidSchedule(type, 0.2, 0.5, 2),
                new MapSchedule(type, new TreeMap<>(Map.of(0, 0.1, 2, 0.3))),
                new CycleSchedule(type, 0.05, 0.2, 3, 1, 0.5));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void schedules(ISchedule schedule) {
        MultiLayerConfiguration conf = base().updater(new Sgd(schedule))
                .weightDecay(0.01)
                .list()
                .layer(new DenseLayer.Builder().nIn(5).nOut(6).build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nIn(6)
                        .nOut(3)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, AgainstDl4jTest::usual);
    }

    static Stream<Arguments> constraints() {
        return Stream.of(
                Arguments.of("non negative", new NonNegativeConstraint()),
                Arguments.of("max norm", new MaxNormConstraint(0.7, 1)),
                Arguments.of("min max norm", new MinMaxNormConstraint(0.5, 0.8, 0.9, 1)),
                Arguments.of("unit norm", new UnitNormConstraint(1)));
    }

    @ParameterizedTest
    @MethodSource("constraints")
    void constraints(String name, org.deeplearning4j.nn.api.layers.LayerConstraint constraint) {
        MultiLayerConfiguration conf = base().constrainWeights(constraint)
                .list()
                .layer(new DenseLayer.Builder().nIn(5).nOut(6).build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nIn(6)
                        .nOut(3)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, 2, 2, 0, AgainstDl4jTest::usual);
    }

    @ParameterizedTest
    @EnumSource(value = PoolingType.class, mode = EnumSource.Mode.EXCLUDE, names = "SUM")
    void poolingOfImages(PoolingType type) {
        MultiLayerConfiguration conf = base().list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                .layer(new SubsamplingLayer.Builder(type)
                        .kernelSize(3, 2)
                        .stride(2, 1)
                        .padding(1, 0)
                        .pnorm(3)
                        .build())
                .layer(new Cropping2D(1, 0))
                .layer(new SpaceToDepthLayer.Builder(2).build())
                .layer(new GlobalPoolingLayer.Builder(type).pnorm(2).build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutional(13, 7, 2))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(2, 13, 7)).trainsAlike(BATCH, AgainstDl4jTest::usual);
    }

    @ParameterizedTest
    @EnumSource(
            value = ConvolutionMode.class,
            names = {"Same", "Truncate", "Strict"})
    void deconvolutionAndBatchNormByClips(ConvolutionMode mode) {
        MultiLayerConfiguration conf = base().convolutionMode(mode)
                .gradientNormalization(GradientNormalization.ClipElementWiseAbsoluteValue)
                .gradientNormalizationThreshold(0.02)
                .list()
                .layer(new Deconvolution2D.Builder(3, 3).stride(2, 2).nOut(3).build())
                .layer(new BatchNormalization.Builder().useLogStd(false).build())
                .layer(new ConvolutionLayer.Builder(2, 2).stride(1, 1).nOut(2).build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutional(4, 4, 2))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(2, 4, 4))
                .within(1e-7)
                .trainsAlike(BATCH, 2, 1, 0, AgainstDl4jTest::usual);
    }

    @ParameterizedTest
    @EnumSource(Bidirectional.Mode.class)
    void recurrentLayersOfSequencesWithMasks(Bidirectional.Mode mode) {
        MultiLayerConfiguration conf = base().updater(new Adam(0.01))
                .list()
                .layer(new Convolution1D.Builder(3)
                        .nOut(4)
                        .convolutionMode(ConvolutionMode.Same)
                        .build())
                .layer(new Bidirectional(mode, new SimpleRnn.Builder().nOut(5).build()))
                .layer(new Bidirectional(mode, new GravesLSTM.Builder().nOut(4).build()))
                .layer(new DenseLayer.Builder().nOut(4).build())
                .layer(new LSTM.Builder().nOut(4).build())
                .layer(new RnnOutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.recurrent(3, 6))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().steps(6))
                .trainsAlike(BATCH, 2, 1, 1, AgainstDl4jTest::usual, "featuresMask", "labelsMask");
    }

    @ParameterizedTest
    @EnumSource(PoolingType.class)
    void sequencesPooledByMasks(PoolingType type) {
        MultiLayerConfiguration conf = base().list()
                .layer(new LSTM.Builder().nOut(5).build())
                .layer(new GlobalPoolingLayer.Builder(type).pnorm(2).build())
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.recurrent(3, 6))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().steps(6)).trainsAlike(BATCH, AgainstDl4jTest::usual, "featuresMask");
    }

    @ParameterizedTest
    @EnumSource(
            value = PoolingType.class,
            names = {"MAX", "AVG"})
    void sequencesThatAreShortenedAndTheirLastStep(PoolingType type) {
        MultiLayerConfiguration conf = base().list()
                .layer(new ZeroPadding1DLayer.Builder(1, 2).build())
                .layer(new Convolution1D.Builder(3).nOut(4).stride(2).build())
                .layer(new Upsampling1D.Builder(2).build())
                .layer(new Cropping1D(1, 0))
                .layer(new Subsampling1DLayer.Builder(SubsamplingLayer.PoolingType.valueOf(type.name()), 2, 1).build())
                .layer(new LastTimeStep(new SimpleRnn.Builder().nOut(4).build()))
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.recurrent(3, 8))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(3, 8)).trainsAlike(BATCH, AgainstDl4jTest::usual);
    }

    /** DL4J regularizes other elements than it says; on meshes, too. */
    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 0", "1, 2, 0", "2, 1, 1"})
    void regularizationOfSeparableConvolutions(int data, int model, int zero) {
        MultiLayerConfiguration conf = base().l2(0.3)
                .l1(0.02)
                .l2Bias(0.1)
                .weightDecay(0.05)
                .list()
                .layer(new SeparableConvolution2D.Builder(2, 2)
                        .nOut(4)
                        .depthMultiplier(2)
                        .build())
                .layer(new DepthwiseConvolution2D.Builder()
                        .kernelSize(2, 2)
                        .depthMultiplier(2)
                        .build())
                .layer(new OutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutional(5, 5, 2))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(2, 5, 5))
                .trainsAlike(BATCH, data, model, zero, AgainstDl4jTest::usual);
    }

    @Test
    void verticesOfGraphs() {
        ComputationGraphConfiguration conf = base().graphBuilder()
                .addInputs("sequence", "context")
                .addLayer(
                        "lstm",
                        new LSTM.Builder()
                                .nIn(3)
                                .nOut(4)
                                .dataFormat(RNNFormat.NCW)
                                .build(),
                        "sequence")
                .addVertex("last", new LastTimeStepVertex("sequence"), "lstm")
                .addLayer("dense", new DenseLayer.Builder().nIn(2).nOut(4).build(), "context")
                .addVertex("product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "last", "dense")
                .addVertex("difference", new ElementWiseVertex(ElementWiseVertex.Op.Subtract), "last", "dense")
                .addVertex("largest", new ElementWiseVertex(ElementWiseVertex.Op.Max), "product", "dense")
                .addVertex("mean", new ElementWiseVertex(ElementWiseVertex.Op.Average), "largest", "difference")
                .addVertex("scaled", new ScaleVertex(1.5), "mean")
                .addVertex("shifted", new ShiftVertex(0.2), "scaled")
                .addVertex("part", new SubsetVertex(1, 3), "shifted")
                .addVertex("unit", new L2NormalizeVertex(), "part")
                .addVertex("repeated", new DuplicateToTimeSeriesVertex("sequence"), "unit")
                .addVertex("both", new MergeVertex(), "lstm", "repeated")
                .addLayer(
                        "steps",
                        new RnnOutputLayer.Builder(new LossMCXENT())
                                .activation(Activation.SOFTMAX)
                                .dataFormat(RNNFormat.NCW)
                                .nIn(7)
                                .nOut(3)
                                .build(),
                        "both")
                .addLayer(
                        "whole",
                        new OutputLayer.Builder(new LossMSE())
                                .activation(Activation.IDENTITY)
                                .nIn(3)
                                .nOut(2)
                                .build(),
                        "unit")
                .setOutputs("steps", "whole")
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().steps(5))
                .trainsAlike(BATCH, 2, 1, 0, AgainstDl4jTest::usual, "featuresMask.sequence", "labelsMask.steps");
    }

    @Test
    void embeddingsOfNumbers() {
        MultiLayerConfiguration conf = base().list()
                .layer(new EmbeddingLayer.Builder()
                        .nIn(7)
                        .nOut(5)
                        .hasBias(true)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .nIn(5)
                        .nOut(3)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none())
                .trainsAlike(
                        BATCH,
                        2,
                        2,
                        2,
                        (field, shape, random) -> field.equals("features")
                                ? AgainstDl4j.filled(shape, () -> random.nextInt(7))
                                : usual(field, shape, random));
    }
}
