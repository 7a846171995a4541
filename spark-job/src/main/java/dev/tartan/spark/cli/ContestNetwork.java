package dev.tartan.spark.cli;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A network of DL4J's that a bench trains.
 *
 * @param inputs numbers of a sample, or of a step
 * @param steps of sequences, 0 for none
 */
record ContestNetwork(MultiLayerConfiguration configuration, int inputs, int steps) {
    private static final int CLASSES = ContestData.CLASSES;
    private static final int IMAGE = 28;
    private static final int FEATURES = 50;
    private static final int STEPS = 40;
    private static final int UNITS = 128;

    /**
     * The network of a name.
     *
     * @param hidden widths of the hidden layers of a perceptron
     * @throws IllegalArgumentException if there is none of that name
     */
    static ContestNetwork of(String name, int[] hidden) {
        return switch (name) {
            case "mlp" -> new ContestNetwork(mlp(hidden), IMAGE * IMAGE, 0);
            case "lenet" -> new ContestNetwork(lenet(), IMAGE * IMAGE, 0);
            case "lstm" -> new ContestNetwork(lstm(), FEATURES, STEPS);
            default ->
                throw new IllegalArgumentException(
                        "bench has no such network: network=" + name + ". Give mlp, lenet or lstm.");
        };
    }

    private static NeuralNetConfiguration.Builder base() {
        return new NeuralNetConfiguration.Builder()
                .seed(12_345)
                .weightInit(WeightInit.XAVIER)
                .updater(new Adam(1e-3));
    }

    private static MultiLayerConfiguration mlp(int[] hidden) {
        NeuralNetConfiguration.ListBuilder layers =
                base().activation(Activation.RELU).l2(1e-4).list();
        int inputs = IMAGE * IMAGE;
        for (int width : hidden) {
            layers.layer(new DenseLayer.Builder().nIn(inputs).nOut(width).build());
            inputs = width;
        }
        return layers.layer(new OutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                        .activation(Activation.SOFTMAX)
                        .nIn(inputs)
                        .nOut(CLASSES)
                        .build())
                .build();
    }

    private static MultiLayerConfiguration lenet() {
        return base().l2(5e-4)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
                .layer(pooling())
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
                .layer(pooling())
                .layer(new DenseLayer.Builder()
                        .activation(Activation.RELU)
                        .nOut(500)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutionalFlat(IMAGE, IMAGE, 1))
                .build();
    }

    private static SubsamplingLayer pooling() {
        return new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }

    private static MultiLayerConfiguration lstm() {
        return base().list()
                .layer(new LSTM.Builder()
                        .nIn(FEATURES)
                        .nOut(UNITS)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(UNITS)
                        .nOut(CLASSES)
                        .build())
                .build();
    }

    /** Examples for it. */
    ContestData data(int examples, int each) {
        return new ContestData(inputs, steps, examples, each);
    }
}
