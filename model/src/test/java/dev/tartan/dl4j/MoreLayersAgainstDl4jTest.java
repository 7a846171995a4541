package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMAE;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;

/** Layers and vertices of detection, metric learning and masked sequences, against DL4J in double precision. */
@SuppressWarnings({"deprecation", "rawtypes"}) // GravesLSTM and builders as DL4J has them
class MoreLayersAgainstDl4jTest {
    private static final int BATCH = 4;

    static NeuralNetConfiguration.Builder base() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .dataType(DataType.DOUBLE)
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.TANH)
                .updater(new Sgd(0.1));
    }

    static DenseLayer dense(int in, int out) {
        return new DenseLayer.Builder().nIn(in).nOut(out).build();
    }

    static OutputLayer output(int in, int out) {
        return new OutputLayer.Builder(new LossMSE())
                .activation(Activation.IDENTITY)
                .nIn(in)
                .nOut(out)
                .build();
    }

    static INDArray normal(String field, long[] shape, Random random) {
        return AgainstDl4j.filled(shape, random::nextGaussian);
    }

    /** Normal features, and a class for each sample. */
    private static INDArray classified(String field, long[] shape, Random random) {
        if (!field.startsWith("labels")) {
            return normal(field, shape, random);
        }
        INDArray y = Nd4j.zeros(DataType.DOUBLE, shape);
        for (long i = 0; i < shape[0]; i++) {
            y.putScalar(new long[] {i, random.nextInt((int) shape[1])}, 1);
        }
        return y;
    }

    /** Sequences, whose masks leave out a step in the middle and some at the end. */
    static INDArray masked(String field, long[] shape, Random random) {
        if (!field.contains("Mask")) {
            return normal(field, shape, random);
        }
        INDArray mask = Nd4j.ones(DataType.DOUBLE, shape);
        for (long i = 0; i < shape[0]; i++) {
            mask.putScalar(new long[] {i, 1}, i % 2);
            mask.putScalar(new long[] {i, shape[1] - 1}, i == 2 ? 1 : 0);
        }
        return mask;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0, false", "1, 1, 0, true", "2, 1, 1, false", "1, 2, 0, false", "2, 2, 3, false"})
    void centersFollowTheInputsOfTheirClasses(int data, int model, int zero, boolean gradientCheck) {
        MultiLayerConfiguration conf = base().updater(new Adam(0.05))
                .l2(0.01)
                .list()
                .layer(dense(5, 6))
                .layer(new CenterLossOutputLayer.Builder(new LossMCXENT())
                        .activation(Activation.SOFTMAX)
                        .alpha(0.3)
                        .lambda(0.4)
                        .gradientCheck(gradientCheck)
                        .nIn(6)
                        .nOut(4)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none())
                .trainsAlike(2 * BATCH, data, model, zero, MoreLayersAgainstDl4jTest::classified);
    }

    @Test
    void centersCountForTheNormOfTheirLayer() {
        MultiLayerConfiguration conf = base().gradientNormalization(GradientNormalization.RenormalizeL2PerLayer)
                .list()
                .layer(dense(5, 6))
                .layer(new CenterLossOutputLayer.Builder(new LossMSE())
                        .activation(Activation.SIGMOID)
                        .nIn(6)
                        .nOut(4)
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none()).trainsAlike(BATCH, MoreLayersAgainstDl4jTest::classified);
    }

    private static ILossFunction loss(String name) {
        return switch (name) {
            case "L2" -> new LossL2();
            case "MSE" -> new LossMSE();
            case "MAE" -> new LossMAE();
            default -> new LossMCXENT();
        };
    }

    /** Some cells of a 3 x 4 grid have an object, of which some lie across cells and some have no overlap. */
    private static INDArray objects(String field, long[] shape, Random random) {
        if (!field.equals("labels")) {
            return normal(field, shape, random);
        }
        INDArray y = Nd4j.zeros(DataType.DOUBLE, shape);
        for (long i = 0; i < shape[0]; i++) {
            for (long row = 0; row < shape[2]; row++) {
                for (long column = 0; column < shape[3]; column++) {
                    if (random.nextInt(3) > 0) {
                        continue;
                    }
                    double x = column + random.nextDouble();
                    double y0 = row + random.nextDouble();
                    double width = 0.1 + 2 * random.nextDouble();
                    double height = 0.1 + 2 * random.nextDouble();
                    double[] corners = {x - width / 2, y0 - height / 2, x + width / 2, y0 + height / 2};
                    for (int k = 0; k < corners.length; k++) {
                        y.putScalar(new long[] {i, k, row, column}, Math.max(0, corners[k]));
                    }
                    y.putScalar(new long[] {i, 4 + random.nextInt((int) shape[1] - 4), row, column}, 1);
                }
            }
        }
        return y;
    }

    @ParameterizedTest
    @CsvSource({"L2, L2, 1, 1", "L2, MCXENT, 1, 1", "MSE, MSE, 1, 1", "MAE, L2, 1, 1", "L2, L2, 2, 1", "L2, L2, 1, 2"})
    void boxesAreDetected(String position, String classes, int data, int model) {
        int boxes = 2;
        MultiLayerConfiguration conf = base().l2(0.01)
                .convolutionMode(ConvolutionMode.Same)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nIn(2).nOut(4).build())
                .layer(new ConvolutionLayer.Builder(1, 1)
                        .nIn(4)
                        .nOut(boxes * (5 + 3))
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new Yolo2OutputLayer.Builder()
                        .boundingBoxPriors(Nd4j.create(new double[][] {{1, 1.5}, {2, 0.75}}))
                        .lambdaCoord(3)
                        .lambdaNoObj(0.25)
                        .lossPositionScale(loss(position))
                        .lossClassPredictions(loss(classes))
                        .build())
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(2, 3, 4))
                .trainsAlike(BATCH, data, model, 0, MoreLayersAgainstDl4jTest::objects);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 2", "1, 2, 0"})
    void slopesOfRectifiersAreTrained(int data, int model, int zero) {
        MultiLayerConfiguration conf = base().updater(new Nesterovs(0.1, 0.9))
                .l2(0.02)
                .list()
                .layer(dense(5, 6))
                .layer(new PReLULayer.Builder().inputShape(6).build())
                .layer(output(6, 3))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none())
                .trainsAlike(BATCH, data, model, zero, MoreLayersAgainstDl4jTest::normal);
    }

    /** Few pixels, since DL4J's op takes inputs of at most 64 times as many elements as there are slopes. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void slopesOfChannelsMayBeShared(boolean shared) {
        PReLULayer.Builder prelu = new PReLULayer.Builder().inputShape(3, 3, 4);
        MultiLayerConfiguration conf = base().list()
                .layer(new ConvolutionLayer.Builder(2, 2).nIn(2).nOut(3).build())
                .layer((shared ? prelu.sharedAxes(2, 3) : prelu).build())
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(output(3, 2))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().features(2, 4, 5))
                .trainsAlike(BATCH, MoreLayersAgainstDl4jTest::normal);
    }

    private static MultiLayerConfiguration maskZero(BaseRecurrentLayer.Builder<?> builder) {
        return base().list()
                .layer(new MaskZeroLayer(
                        builder.nIn(2).nOut(3).activation(Activation.TANH).build(), 0.5))
                .layer(new RnnOutputLayer.Builder(new LossMSE())
                        .activation(Activation.IDENTITY)
                        .nIn(3)
                        .nOut(2)
                        .build())
                .setInputType(InputType.recurrent(2, 5))
                .build();
    }

    /** Some steps of which all features are 0.5, and one of which but one is. */
    private static INDArray withHoles(String field, long[] shape, Random random) {
        INDArray x = normal(field, shape, random);
        if (field.equals("features")) {
            for (int[] step : new int[][] {{0, 1}, {0, 2}, {1, 4}, {2, 0}, {3, 2}}) {
                x.putScalar(new long[] {step[0], 0, step[1]}, 0.5);
                x.putScalar(new long[] {step[0], 1, step[1]}, step[0] == 3 ? 0 : 0.5);
            }
        }
        return x;
    }

    @Test
    void stepsOfOneNumberAreMasked() {
        AgainstDl4j.of(maskZero(new SimpleRnn.Builder()), Dl4jOptions.none().steps(5))
                .trainsAlike(BATCH, MoreLayersAgainstDl4jTest::withHoles);
    }

    /** What DL4J computes of them; its gradient leaves out the mask. */
    @ParameterizedTest
    @ValueSource(strings = {"LSTM", "GravesLSTM"})
    void stepsOfOneNumberAreMaskedToAnLstm(String kind) {
        MultiLayerConfiguration conf = maskZero(kind.equals("LSTM") ? new LSTM.Builder() : new GravesLSTM.Builder());
        assertThatThrownBy(() -> Dl4jNetwork.of(conf, Dl4jOptions.none().steps(5)))
                .hasMessage("gradient that DL4J gives layers is not of what they compute, as it leaves out their mask:"
                        + " layers=['0' MaskZeroLayer of " + kind
                        + "]. Give Dl4jOptions.correctly() for the right one.");
        AgainstDl4j.of(conf, Dl4jOptions.none().steps(5).correctly())
                .scoresAlike(BATCH, MoreLayersAgainstDl4jTest::withHoles);
    }

    /** Here, too, DL4J's gradient leaves out the mask, so only what is computed is compared. */
    @Test
    void lastStepsOfSequencesWithHolesAreThoseOfDl4j() {
        MultiLayerConfiguration conf = base().list()
                .layer(new LastTimeStep(new LSTM.Builder()
                        .nIn(2)
                        .nOut(3)
                        .activation(Activation.TANH)
                        .build()))
                .layer(output(3, 2))
                .build();
        AgainstDl4j.of(conf, Dl4jOptions.none().steps(5))
                .scoresAlike(BATCH, MoreLayersAgainstDl4jTest::masked, "featuresMask");
    }
}
