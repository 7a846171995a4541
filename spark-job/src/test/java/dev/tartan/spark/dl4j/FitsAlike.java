package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The kinds of networks that DL4J's users have, each fitted on a mesh in a session, and by DL4J on one machine to the
 * same batches: scores, parameters and what DL4J evaluates afterwards are the same.
 */
final class FitsAlike {
    private static final double CLOSE = 1e-5;
    private static final int SIZE = 12;
    private static final int CLASSES = 3;

    private FitsAlike() {}

    static void all(JavaSparkContext spark) {
        lenet(spark);
        residualGraph(spark);
        maskedSequences(spark);
        sequencesInParts(spark);
    }

    /** Pictures with a bright band, whose height is the class. */
    private static List<DataSet> pictures(int examples, int each, boolean flat) {
        Random random = new Random(2);
        List<DataSet> sets = new ArrayList<>();
        for (int first = 0; first < examples; first += each) {
            int count = Math.min(each, examples - first);
            float[] x = new float[count * SIZE * SIZE];
            float[][] y = new float[count][CLASSES];
            for (int i = 0; i < count; i++) {
                int label = random.nextInt(CLASSES);
                y[i][label] = 1;
                for (int j = 0; j < SIZE * SIZE; j++) {
                    boolean bright = j / SIZE / (SIZE / CLASSES) == label;
                    x[i * SIZE * SIZE + j] = (float) (random.nextGaussian() * 0.3 + (bright ? 1 : 0));
                }
            }
            long[] shape = flat ? new long[] {count, SIZE * SIZE} : new long[] {count, 1, SIZE, SIZE};
            sets.add(new DataSet(Nd4j.create(x, shape, 'c'), Nd4j.createFromArray(y)));
        }
        return sets;
    }

    private static NeuralNetConfiguration.Builder base() {
        return new NeuralNetConfiguration.Builder()
                .seed(4)
                .updater(new Nesterovs(0.05, 0.9))
                .l2(5e-4);
    }

    static void lenet(JavaSparkContext spark) {
        MultiLayerConfiguration lenet = base().list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                .layer(new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(6)
                        .activation(Activation.RELU)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(10)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutionalFlat(SIZE, SIZE, 1))
                .build();
        List<DataSet> data = pictures(24, 5, true);
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark,
                lenet,
                new MeshTrainingMaster.Builder(5)
                        .mesh(2, 2)
                        .batchSizePerWorker(12)
                        .build());
        MultiLayerNetwork local = new MultiLayerNetwork(lenet.clone());
        local.init();
        for (int epoch = 0; epoch < 3; epoch++) {
            net.fit(spark.parallelize(data, 3));
            local.fit(DataSet.merge(data));
        }
        assertThat(net.getScore()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
        Evaluation evaluation = net.evaluate(spark.parallelize(data, 2));
        assertThat(evaluation.accuracy())
                .isEqualTo(local.evaluate(new org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator<>(data))
                        .accuracy());
    }

    static void residualGraph(JavaSparkContext spark) {
        ComputationGraphConfiguration conf = base().convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("in")
                .addLayer("stem", convolution(), "in")
                .addLayer("branch", convolution(), "stem")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "stem", "branch")
                .addVertex("both", new MergeVertex(), "sum", "stem")
                .addLayer("pooled", new GlobalPoolingLayer(PoolingType.AVG), "both")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nOut(CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "pooled")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 1))
                .build();
        List<DataSet> data = pictures(16, 4, false);
        SparkComputationGraph net = new SparkComputationGraph(
                spark,
                conf,
                new MeshTrainingMaster.Builder(4)
                        .mesh(2, 1)
                        .zeroStage(1)
                        .batchSizePerWorker(8)
                        .build());
        ComputationGraph local = new ComputationGraph(conf.clone());
        local.init();
        for (int epoch = 0; epoch < 2; epoch++) {
            net.fit(spark.parallelize(data, 3));
            local.fit(DataSet.merge(data));
        }
        assertThat(net.getScore()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
    }

    private static ConvolutionLayer convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(4)
                .activation(Activation.RELU)
                .build();
    }

    /** Sequences of different lengths, with masks: in some DataSets only. */
    static void maskedSequences(JavaSparkContext spark) {
        sequences(spark, BackpropType.Standard);
    }

    /** The same, by truncated backpropagation: two updates a batch, of steps 0 to 3 and of 4 and 5. */
    static void sequencesInParts(JavaSparkContext spark) {
        sequences(spark, BackpropType.TruncatedBPTT);
    }

    private static void sequences(JavaSparkContext spark, BackpropType type) {
        MultiLayerConfiguration conf = base().list()
                .layer(new LSTM.Builder()
                        .nIn(2)
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(5)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .backpropType(type)
                .tBPTTLength(4)
                .build();
        Random random = new Random(8);
        List<DataSet> data = new ArrayList<>();
        for (int steps : new int[] {4, 6, 3, 6, 6}) {
            INDArray x = Nd4j.zeros(2, 2, steps);
            INDArray y = Nd4j.zeros(2, 2, steps);
            INDArray mask = Nd4j.ones(2, steps);
            for (int t = 0; t < steps; t++) {
                for (int i = 0; i < 2; i++) {
                    x.putScalar(new int[] {i, 0, t}, random.nextGaussian());
                    x.putScalar(new int[] {i, 1, t}, random.nextGaussian());
                    y.putScalar(new int[] {i, random.nextInt(2), t}, 1);
                }
            }
            mask.putScalar(1, steps - 1, 0);
            boolean masked = steps == 6;
            data.add(new DataSet(x, y, masked ? mask : null, masked ? mask.dup() : null));
        }
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark,
                conf,
                new MeshTrainingMaster.Builder(2)
                        .mesh(2, 1)
                        .batchSizePerWorker(6)
                        .build());
        MultiLayerNetwork local = new MultiLayerNetwork(conf.clone());
        local.init();
        for (int epoch = 0; epoch < 2; epoch++) {
            net.fit(spark.parallelize(data, 7));
            local.fit(DataSet.merge(data));
        }
        assertThat(net.getScore()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
    }
}
