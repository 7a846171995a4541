package dev.tartan.spark.dl4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks and examples of DL4J's. */
final class SmallDl4j {
    static final int INPUTS = 6;
    static final int CLASSES = 3;

    private SmallDl4j() {}

    static JavaSparkContext session(String master, String... settings) {
        SparkConf conf = new SparkConf()
                .setMaster(master)
                .setAppName("DL4J on a mesh")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        for (int i = 0; i < settings.length; i += 2) {
            conf.set(settings[i], settings[i + 1]);
        }
        return new JavaSparkContext(conf);
    }

    /** Two layers. */
    static MultiLayerConfiguration mlp(IUpdater updater) {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(updater)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(INPUTS)
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(5)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
    }

    /** Three layers, Adam, l2, a rate of its own for one of them. */
    static MultiLayerConfiguration mlp() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.01))
                .l2(1e-3)
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nIn(INPUTS).nOut(8).build())
                .layer(new DenseLayer.Builder()
                        .nIn(8)
                        .nOut(5)
                        .updater(new Adam(0.02))
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(5)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
    }

    static ComputationGraphConfiguration graph() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer(
                        "hidden",
                        new DenseLayer.Builder()
                                .nIn(INPUTS)
                                .nOut(8)
                                .activation(Activation.TANH)
                                .build(),
                        "in")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nIn(8)
                                .nOut(CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "hidden")
                .setOutputs("out")
                .build();
    }

    /** DataSets of {@code each} examples; the last has what is left. */
    static List<DataSet> data(int examples, int each) {
        Random random = new Random(11);
        List<DataSet> sets = new ArrayList<>();
        for (int first = 0; first < examples; first += each) {
            int count = Math.min(each, examples - first);
            float[][] x = new float[count][INPUTS];
            float[][] y = new float[count][CLASSES];
            for (int i = 0; i < count; i++) {
                float sum = 0;
                for (int j = 0; j < INPUTS; j++) {
                    x[i][j] = (float) random.nextGaussian();
                    sum += j % 2 == 0 ? x[i][j] : -x[i][j];
                }
                y[i][sum < -1 ? 0 : sum < 1 ? 1 : 2] = 1;
            }
            sets.add(new DataSet(Nd4j.createFromArray(x), Nd4j.createFromArray(y)));
        }
        return sets;
    }

    /** All examples in one DataSet. */
    static DataSet merged(List<DataSet> sets) {
        return DataSet.merge(sets);
    }

    static MultiLayerNetwork localMlp() {
        MultiLayerNetwork net = new MultiLayerNetwork(mlp());
        net.init();
        return net;
    }

    static INDArray updaterState(Model net) {
        return net instanceof ComputationGraph graph
                ? graph.getUpdater().getStateViewArray()
                : ((MultiLayerNetwork) net).getUpdater().getStateViewArray();
    }

    /** The largest difference. */
    static double distance(INDArray one, INDArray other) {
        return one.sub(other.reshape(one.shape())).amaxNumber().doubleValue();
    }

    static <T> List<T> shuffled(List<T> list) {
        List<T> other = new ArrayList<>(list);
        Collections.shuffle(other, new Random(5));
        return other;
    }
}
