package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Truncated backpropagation through time on a mesh, against DL4J's on one machine. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("deprecation") // What users still have.
class TruncatedFitsTest {
    private static final double CLOSE = 1e-5;
    private static final int INPUTS = 3;
    private static final int UNITS = 4;
    private static final int CLASSES = 2;
    private static final int PART = 4;

    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = SmallDl4j.session("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** Which examples have masks. */
    private enum Masks {
        NONE,
        SOME,
        FEATURES
    }

    private static MultiLayerConfiguration conf(BaseRecurrentLayer.Builder<?> first) {
        return new NeuralNetConfiguration.Builder()
                .seed(12)
                .updater(new Nesterovs(0.2, 0.9))
                .l2(1e-3)
                .list()
                .layer(first.nIn(INPUTS).nOut(UNITS).activation(Activation.TANH).build())
                .layer(new LSTM.Builder()
                        .nIn(UNITS)
                        .nOut(UNITS)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(UNITS)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(PART)
                .build();
    }

    private static MultiLayerConfiguration conf(String kind) {
        return conf(
                switch (kind) {
                    case "LSTM" -> new LSTM.Builder();
                    case "GravesLSTM" -> new GravesLSTM.Builder();
                    default -> new SimpleRnn.Builder();
                });
    }

    /** DataSets of one sequence each; the label is whether the first input was positive some steps before. */
    private static List<DataSet> sequences(int examples, int steps, Masks masks) {
        Random random = new Random(6);
        List<DataSet> sets = new ArrayList<>();
        for (int i = 0; i < examples; i++) {
            INDArray x = Nd4j.zeros(1, INPUTS, steps);
            INDArray y = Nd4j.zeros(1, CLASSES, steps);
            INDArray mask = Nd4j.ones(1, steps);
            for (int t = 0; t < steps; t++) {
                for (int k = 0; k < INPUTS; k++) {
                    x.putScalar(new int[] {0, k, t}, random.nextGaussian());
                }
                y.putScalar(new int[] {0, x.getDouble(0, 0, Math.max(0, t - 2)) > 0 ? 1 : 0, t}, 1);
            }
            mask.putScalar(0, steps - 1 - i % 2, 0);
            mask.putScalar(0, 1, 0);
            boolean has = masks == Masks.FEATURES || (masks == Masks.SOME && i % 2 == 0);
            sets.add(new DataSet(x, y, has ? mask : null, has && masks == Masks.SOME ? mask.dup() : null));
        }
        return sets;
    }

    private static SparkDl4jMultiLayer net(MultiLayerConfiguration conf, MeshTrainingMaster.Builder master) {
        return new SparkDl4jMultiLayer(spark, conf.clone(), master.build());
    }

    private static MultiLayerNetwork local(MultiLayerConfiguration conf) {
        MultiLayerNetwork local = new MultiLayerNetwork(conf.clone());
        local.init();
        return local;
    }

    private static void assertAlike(MultiLayerNetwork fitted, MultiLayerNetwork local) {
        assertThat(fitted.getIterationCount()).isEqualTo(local.getIterationCount());
        assertThat(fitted.score()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(fitted.params(), local.params())).isLessThan(CLOSE);
        assertThat(SmallDl4j.distance(SmallDl4j.updaterState(fitted), SmallDl4j.updaterState(local)))
                .isLessThan(CLOSE);
    }

    /** Parts of 4 steps: of 8, of 10 with a last one of 2, of 3 with but one. */
    @ParameterizedTest
    @CsvSource({
        "LSTM, 8, NONE, 0",
        "LSTM, 10, NONE, 0",
        "LSTM, 10, SOME, 1",
        "LSTM, 10, FEATURES, 0",
        "GravesLSTM, 10, SOME, 0",
        "SimpleRnn, 10, NONE, 3",
        "SimpleRnn, 9, SOME, 0",
        "LSTM, 3, SOME, 0"
    })
    void updatesAreThoseOfDl4j(String kind, int steps, Masks masks, int zero) {
        List<DataSet> data = sequences(6, steps, masks);
        SparkDl4jMultiLayer net = net(
                conf(kind),
                new MeshTrainingMaster.Builder(1).mesh(2, 1).zeroStage(zero).batchSizePerWorker(3));
        MultiLayerNetwork local = local(conf(kind));
        List<Double> scores = new ArrayList<>();
        List<Double> expected = new ArrayList<>();
        net.setListeners(List.of(scores(scores)));
        local.setListeners(List.of(scores(expected)));
        for (int fit = 0; fit < 3; fit++) {
            net.fit(spark.parallelize(data, 3));
            local.fit(SmallDl4j.merged(data));
            assertAlike(net.getNetwork(), local);
        }
        assertThat(scores).hasSize(3 * ((steps + PART - 1) / PART)).hasSameSizeAs(expected);
        for (int i = 0; i < scores.size(); i++) {
            assertThat(scores.get(i)).as("iteration " + i).isCloseTo(expected.get(i), within(CLOSE));
        }
    }

    private static BaseTrainingListener scores(List<Double> all) {
        return new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                assertThat(iteration).isEqualTo(all.size());
                all.add(model.score());
            }
        };
    }

    /** Two inputs and two outputs, one of them a sum around the layer before. */
    private static ComputationGraphConfiguration graph() {
        return new NeuralNetConfiguration.Builder()
                .seed(12)
                .updater(new Nesterovs(0.2, 0.9))
                .l2(1e-3)
                .graphBuilder()
                .addInputs("a", "b")
                .addVertex("both", new MergeVertex(), "a", "b")
                .addLayer("lstm", lstm(2 * INPUTS), "both")
                .addLayer("next", lstm(UNITS), "lstm")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "lstm", "next")
                .addLayer("first", classes(), "sum")
                .addLayer("second", classes(), "lstm")
                .setOutputs("first", "second")
                .setInputTypes(InputType.recurrent(INPUTS), InputType.recurrent(INPUTS))
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTForwardLength(PART)
                .tBPTTBackwardLength(PART)
                .build();
    }

    private static LSTM lstm(int inputs) {
        return new LSTM.Builder()
                .nIn(inputs)
                .nOut(UNITS)
                .activation(Activation.TANH)
                .build();
    }

    private static RnnOutputLayer classes() {
        return new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .nIn(UNITS)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static MultiDataSet twice(DataSet one, DataSet other) {
        INDArray mask = one.getFeaturesMaskArray();
        INDArray labelsMask = one.getLabelsMaskArray();
        return new MultiDataSet(
                new INDArray[] {one.getFeatures(), other.getFeatures()},
                new INDArray[] {one.getLabels(), other.getLabels()},
                mask == null ? null : new INDArray[] {mask, mask.dup()},
                labelsMask == null ? null : new INDArray[] {labelsMask, labelsMask.dup()});
    }

    @ParameterizedTest
    @CsvSource({"8, NONE, 0", "10, NONE, 1", "10, SOME, 0", "9, FEATURES, 3"})
    void updatesOfAGraphAreThoseOfDl4j(int steps, Masks masks, int zero) {
        List<DataSet> data = sequences(6, steps, masks);
        List<MultiDataSet> sets = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            sets.add(twice(data.get(i), data.get((i + 2) % 6)));
        }
        SparkComputationGraph net = new SparkComputationGraph(
                spark,
                graph(),
                new MeshTrainingMaster.Builder(1)
                        .mesh(2, 1)
                        .zeroStage(zero)
                        .batchSizePerWorker(3)
                        .build());
        ComputationGraph local = new ComputationGraph(graph());
        local.init();
        MultiDataSet whole = MultiDataSet.merge(sets);
        for (int fit = 0; fit < 3; fit++) {
            net.fitMultiDataSet(spark.parallelize(new ArrayList<>(sets), 3));
            local.fit(whole);
            assertThat(net.getNetwork().getIterationCount()).isEqualTo(local.getIterationCount());
            assertThat(net.getNetwork().score()).isCloseTo(local.score(), within(CLOSE));
            assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                    .isLessThan(CLOSE);
        }
        assertThat(local.getIterationCount()).isEqualTo(3 * ((steps + PART - 1) / PART));
    }

    /** Three examples in batches of two: which of them is alone in the second is up to their content. */
    @Test
    void statesFollowTheirSequencesFromBatchToBatch() {
        List<DataSet> data = sequences(3, 10, Masks.NONE);
        SparkDl4jMultiLayer net =
                net(conf("LSTM"), new MeshTrainingMaster.Builder(1).mesh(2, 1).batchSizePerWorker(1));
        net.fit(spark.parallelize(data, 2));
        List<Double> distances = new ArrayList<>();
        for (int alone = 0; alone < 3; alone++) {
            List<DataSet> pair = new ArrayList<>(data);
            DataSet last = pair.remove(alone);
            MultiLayerNetwork local = local(conf("LSTM"));
            local.fit(SmallDl4j.merged(pair));
            local.fit(last);
            assertThat(net.getNetwork().getIterationCount()).isEqualTo(local.getIterationCount());
            distances.add(SmallDl4j.distance(net.getNetwork().params(), local.params()));
        }
        distances.sort(null);
        assertThat(distances.get(0)).isLessThan(CLOSE);
        assertThat(distances.get(1)).isGreaterThan(100 * CLOSE);
    }

    /** Checkpoints after every fourth step, which are in the midst of sequences of three parts. */
    @Test
    void aFitThatWasCutOffGoesOnInTheMidstOfSequences(@TempDir Path folder) {
        int batches = 200;
        JavaRDD<DataSet> data = spark.parallelize(sequences(2 * batches, 12, Masks.NONE), 2);
        SparkDl4jMultiLayer net = net(
                conf("LSTM"),
                new MeshTrainingMaster.Builder(1)
                        .mesh(2, 1)
                        .batchSizePerWorker(1)
                        .checkpointDirectory(folder.toString())
                        .checkpointEverySteps(4));
        List<Integer> seen = new ArrayList<>();
        net.setListeners(List.of(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                seen.add(iteration);
                if (seen.size() == 9) {
                    spark.sc().cancelAllJobs();
                }
            }
        }));
        assertThatThrownBy(() -> net.fit(data)).isInstanceOf(RuntimeException.class);
        assertThat(seen.get(seen.size() - 1)).isLessThan(3 * batches - 1);
        net.fit(data);
        SparkDl4jMultiLayer whole =
                net(conf("LSTM"), new MeshTrainingMaster.Builder(1).mesh(2, 1).batchSizePerWorker(1));
        whole.fit(data);
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(3 * batches);
        assertThat(net.getNetwork().params()).isEqualTo(whole.getNetwork().params());
    }

    /** Fits before, of sequences with other numbers of parts, do not shift where sequences begin. */
    @Test
    void fitsOfOtherLengthsFollowEachOther() {
        SparkDl4jMultiLayer net =
                net(conf("LSTM"), new MeshTrainingMaster.Builder(1).mesh(1, 2).batchSizePerWorker(2));
        MultiLayerNetwork local = local(conf("LSTM"));
        for (int steps : new int[] {4, 12, 7}) {
            List<DataSet> data = sequences(2, steps, Masks.NONE);
            net.fit(spark.parallelize(data, 2));
            local.fit(SmallDl4j.merged(data));
            assertAlike(net.getNetwork(), local);
        }
        assertThat(local.getIterationCount()).isEqualTo(6);
    }

    /** DL4J's layers can differentiate from the state that they were given, but its networks do not ask them to. */
    @Test
    void correctOnesDifferentiateFromTheStateThatIsCarried() {
        List<DataSet> data = sequences(4, 10, Masks.NONE);
        SparkDl4jMultiLayer net = net(
                conf("LSTM"),
                new MeshTrainingMaster.Builder(1)
                        .mesh(2, 1)
                        .batchSizePerWorker(2)
                        .correct(true));
        MultiLayerNetwork right = local(conf("LSTM"));
        differentiateFromTheStateGiven(right);
        MultiLayerNetwork dl4js = local(conf("LSTM"));
        for (int fit = 0; fit < 2; fit++) {
            net.fit(spark.parallelize(data, 2));
            right.fit(SmallDl4j.merged(data));
            dl4js.fit(SmallDl4j.merged(data));
        }
        assertAlike(net.getNetwork(), right);
        assertThat(SmallDl4j.distance(right.params(), dl4js.params())).isGreaterThan(10 * CLOSE);
    }

    private static void differentiateFromTheStateGiven(MultiLayerNetwork net) {
        Layer[] layers = net.getLayers();
        for (int i = 0; i < layers.length; i++) {
            if (layers[i] instanceof org.deeplearning4j.nn.layers.recurrent.LSTM lstm) {
                Layer right = new org.deeplearning4j.nn.layers.recurrent.LSTM(lstm.conf(), DataType.FLOAT) {
                    @Override
                    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr manager) {
                        return tbpttBackpropGradient(epsilon, PART, manager);
                    }
                };
                right.setIndex(i);
                right.setParamsViewArray(lstm.params());
                right.setParamTable(lstm.paramTable());
                layers[i] = right;
            }
        }
    }

    @Test
    void stepsInPartsAreRefused() {
        List<MeshTrainingMaster.Builder> builders = List.of(
                new MeshTrainingMaster.Builder(1).mesh(1, 1).microBatches(2),
                new MeshTrainingMaster.Builder(1).mesh(1, 1).strategyAuto());
        List<String> said = List.of("microBatches=2, strategy=zero0", "microBatches=1, strategy=auto");
        for (int i = 0; i < builders.size(); i++) {
            SparkDl4jMultiLayer net = net(conf("LSTM"), builders.get(i));
            assertThatThrownBy(() -> net.fit(spark.parallelize(sequences(2, 8, Masks.NONE), 1)))
                    .hasMessage(
                            "truncated backpropagation through time needs steps that are run whole, since the states"
                                    + " of sequences go from step to step: " + said.get(i)
                                    + ". Leave out microBatches, and give zeroStage in place of strategyAuto.");
        }
    }

    @Test
    void sequencesWithoutLabelsForEachStepAreRefused() {
        SparkDl4jMultiLayer net = net(conf("LSTM"), new MeshTrainingMaster.Builder(1).mesh(1, 1));
        DataSet one = new DataSet(Nd4j.ones(2, INPUTS, 8), Nd4j.ones(2, CLASSES));
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(one), 1)))
                .hasMessage("truncated backpropagation needs features and labels for the same steps: features of an"
                        + " example=[3, 8], labels=[2]. Give labels for each step, or use BackpropType.Standard.");
        DataSet fewer = new DataSet(Nd4j.ones(2, INPUTS, 8), Nd4j.ones(2, CLASSES, 6));
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(fewer), 1)))
                .hasMessageContaining("features of an example=[3, 8], labels=[2, 6]");
    }

    /** A convolution at the end of a part that is not full would see what it is filled up with. */
    @Test
    void layersThatWouldSeeWhatPartsAreFilledUpWithAreRefused() {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .list()
                .layer(new Convolution1DLayer.Builder(3)
                        .nIn(INPUTS)
                        .nOut(UNITS)
                        .convolutionMode(org.deeplearning4j.nn.conf.ConvolutionMode.Same)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(UNITS)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(PART)
                .build();
        SparkDl4jMultiLayer net = net(conf, new MeshTrainingMaster.Builder(1).mesh(1, 1));
        assertThatThrownBy(() -> net.fit(spark.parallelize(sequences(2, 10, Masks.NONE), 1)))
                .hasMessage(
                        "last part of sequences with truncated backpropagation is filled up, and layers that look at"
                                + " several steps would see that: steps=10, backpropSteps=4, layers=['0' Convolution1DLayer]."
                                + " Give sequences of whole parts.");
        net.fit(spark.parallelize(sequences(2, 8, Masks.NONE), 1));
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(2);
    }
}
