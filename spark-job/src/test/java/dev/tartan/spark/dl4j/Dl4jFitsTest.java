package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.mllib.linalg.Vectors;
import org.apache.spark.mllib.regression.LabeledPoint;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.termination.MaxScoreIterationTerminationCondition;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.spark.earlystopping.SparkDataSetLossCalculator;
import org.deeplearning4j.spark.earlystopping.SparkEarlyStoppingTrainer;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Fits that end early, are cut off, have sequences, or cannot be. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Dl4jFitsTest {
    private static final double CLOSE = 1e-5;

    /** So many that a run is still going on when it is told to stop. */
    private static final int STEPS = 800;

    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = SmallDl4j.session("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static MeshTrainingMaster.Builder mesh() {
        return new MeshTrainingMaster.Builder(4).mesh(2, 1).batchSizePerWorker(4);
    }

    private static SparkDl4jMultiLayer net(MultiLayerConfiguration conf, MeshTrainingMaster master) {
        return new SparkDl4jMultiLayer(spark, conf, master);
    }

    @Test
    void dl4jStopsEarly() {
        JavaRDD<DataSet> data = spark.parallelize(SmallDl4j.data(40, 4), 3);
        EarlyStoppingConfiguration<MultiLayerNetwork> how = new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
                .iterationTerminationConditions(new MaxScoreIterationTerminationCondition(100))
                .scoreCalculator(new SparkDataSetLossCalculator(data, true, spark.sc()))
                .modelSaver(new InMemoryModelSaver<>())
                .build();
        EarlyStoppingResult<MultiLayerNetwork> result =
                new SparkEarlyStoppingTrainer(spark, mesh().build(), how, SmallDl4j.localMlp(), data).fit();
        assertThat(result.getTotalEpochs()).isEqualTo(3);
        assertThat(result.getTerminationReason())
                .isEqualTo(EarlyStoppingResult.TerminationReason.EpochTerminationCondition);
        assertThat(result.getScoreVsEpoch().values()).hasSize(3).doesNotHaveDuplicates();
        assertThat(result.getBestModel().getIterationCount()).isEqualTo(15);
    }

    /** What dropLast leaves out is other examples in each epoch, and no step has fewer. */
    @Test
    void lastBatchMayBeLeftOut() {
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), mesh().dropLast(true).build());
        net.fit(spark.parallelize(SmallDl4j.data(30, 4), 3));
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(3);
        assertThatThrownBy(() -> net.fit(spark.parallelize(SmallDl4j.data(7, 4), 3)))
                .hasMessage(
                        "frame has too few rows for one step: rows=7, globalBatch=8, dropLast=true. Lower the global"
                                + " batch, or keep the last step of an epoch.");
    }

    /** Rates fall by half with each epoch, or with each iteration. */
    @ParameterizedTest
    @EnumSource(ScheduleType.class)
    void schedulesGoOnFromFitToFit(ScheduleType type) {
        MultiLayerConfiguration conf = SmallDl4j.mlp(new Nesterovs(new ExponentialSchedule(type, 0.5, 0.5), 0.9));
        List<DataSet> data = SmallDl4j.data(8, 4);
        SparkDl4jMultiLayer net = net(conf.clone(), mesh().build());
        MultiLayerNetwork local = new MultiLayerNetwork(conf.clone());
        local.init();
        JavaRDD<DataSet> rdd = spark.parallelize(data, 2);
        for (int fit = 0; fit < 3; fit++) {
            net.fit(rdd);
            local.fit(SmallDl4j.merged(data));
            local.incrementEpochCount();
            assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                    .isLessThan(CLOSE);
        }
    }

    @Test
    void labeledPointsAndOtherWaysInAreTheSame() {
        List<DataSet> data = SmallDl4j.data(8, 4);
        List<LabeledPoint> points = new ArrayList<>();
        for (DataSet set : data) {
            for (DataSet example : set.asList()) {
                points.add(new LabeledPoint(
                        example.getLabels().argMax(1).getInt(0),
                        Vectors.dense(example.getFeatures().dup().data().asDouble())));
            }
        }
        SparkDl4jMultiLayer labeled = net(SmallDl4j.mlp(), mesh().build());
        labeled.fitLabeledPoint(spark.parallelize(points, 3));
        SparkDl4jMultiLayer scala = net(SmallDl4j.mlp(), mesh().build());
        scala.fit(spark.parallelize(data, 3).rdd());
        MultiLayerNetwork local = SmallDl4j.localMlp();
        local.fit(SmallDl4j.merged(data));
        for (SparkDl4jMultiLayer net : List.of(labeled, scala)) {
            assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                    .isLessThan(CLOSE);
        }
    }

    @Test
    void plannersStrategyTrainsTheSame() {
        List<DataSet> data = SmallDl4j.data(8, 4);
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), mesh().strategyAuto().build());
        net.fit(spark.parallelize(data, 2));
        MultiLayerNetwork local = SmallDl4j.localMlp();
        local.fit(SmallDl4j.merged(data));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
    }

    @Test
    void sequencesOfDifferentLengthsAreThoseOfDl4jsMerge() {
        // Not Adam, whose first update is a gradient over its own size: tiny ones would show rounding.
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Sgd(0.5))
                .list()
                .layer(new LSTM.Builder()
                        .nIn(2)
                        .nOut(4)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
        List<DataSet> data = new ArrayList<>();
        for (int steps : new int[] {3, 5, 2, 5}) {
            INDArray x = Nd4j.rand(org.nd4j.linalg.api.buffer.DataType.FLOAT, 2, 2, steps);
            INDArray y = Nd4j.zeros(2, 2, steps);
            for (int i = 0; i < 2; i++) {
                for (int t = 0; t < steps; t++) {
                    y.putScalar(new int[] {i, (i + t) % 2, t}, 1);
                }
            }
            data.add(new DataSet(x, y));
        }
        SparkDl4jMultiLayer net = net(conf, mesh().build());
        net.fit(spark.parallelize(data, 3));
        MultiLayerNetwork local = new MultiLayerNetwork(conf.clone());
        local.init();
        local.fit(SmallDl4j.merged(data));
        assertThat(net.getScore()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
    }

    /** A fit that is cut off goes on with the step after its last checkpoint. */
    @Test
    void fitThatWasCutOffGoesOn(@TempDir Path folder) throws IOException {
        JavaRDD<DataSet> data = spark.parallelize(SmallDl4j.data(8 * STEPS, 4), 3);
        MeshTrainingMaster master = mesh().checkpointDirectory(folder.toString())
                .checkpointEverySteps(3)
                .build();
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), master);
        List<Integer> seen = new ArrayList<>();
        net.setListeners(List.of(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                seen.add(iteration);
                if (seen.size() == 7) {
                    spark.sc().cancelAllJobs();
                }
            }
        }));
        INDArray before = net.getNetwork().params().dup();
        assertThatThrownBy(() -> net.fit(data)).isInstanceOf(RuntimeException.class);
        assertThat(net.getNetwork().params()).as("as before the fit").isEqualTo(before);
        assertThat(net.getNetwork().getIterationCount()).isZero();
        assertThat(folder).isNotEmptyDirectory();
        int reached = seen.get(seen.size() - 1);
        assertThat(reached).isLessThan(STEPS - 1);
        net.fit(data);
        SparkDl4jMultiLayer whole = net(SmallDl4j.mlp(), mesh().build());
        whole.fit(data);
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(STEPS);
        assertThat(seen.subList(reached + 1, seen.size()))
                .as("iterations of the second fit")
                .doesNotContain(0, 1)
                .endsWith(STEPS - 1);
        assertThat(net.getNetwork().params()).isEqualTo(whole.getNetwork().params());
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("step")))
                    .as("checkpoints of a fit that has ended")
                    .isEmpty();
        }
    }

    @Test
    void randomDataIsReadAgainInEachFitAndKeptDataIsNot() {
        org.apache.spark.util.LongAccumulator read = spark.sc().longAccumulator();
        JavaRDD<DataSet> drawn = spark.parallelize(SmallDl4j.data(16, 4), 2).map(set -> {
            read.add(1);
            return set;
        });
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), mesh().build());
        net.fit(drawn);
        long once = read.value();
        net.fit(drawn);
        assertThat(read.value()).isEqualTo(2 * once);
        JavaRDD<DataSet> kept = drawn.cache();
        net.fit(kept);
        long filled = read.value();
        net.fit(kept);
        assertThat(read.value()).isEqualTo(filled);
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(8);
    }

    @Test
    void dataThatCannotBeUsedIsNamed() {
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), mesh().build());
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.<DataSet>of(), 2)))
                .hasMessage("RDD has no DataSets to train on: dataSets=0. Give one with DataSets.");
        List<DataSet> mixed = new ArrayList<>(SmallDl4j.data(8, 4));
        mixed.add(new DataSet(Nd4j.ones(2, 5), Nd4j.ones(2, 3)));
        assertThatThrownBy(() -> net.fit(spark.parallelize(mixed, 1)))
                .hasMessage("DataSet has examples of another shape than the first: partition=0, record=2,"
                        + " array=features[0], shape=[5], first=[6]. Give DataSets whose examples have one shape; only"
                        + " sequences may differ in length.");
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(new DataSet(Nd4j.ones(4, 6), Nd4j.ones(4, 2))), 1)))
                .hasMessage("DataSets do not go with the network: array=labels, shape of an example=[2], network=[3]."
                        + " Give arrays of the network's shape.");
        DataSet hole = new DataSet(Nd4j.ones(4, 6).putScalar(2, 1, Float.NaN), Nd4j.ones(4, 3));
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(hole), 1)))
                .hasMessageStartingWith("RDD of DataSets has rows that cannot be used: rows=1")
                .hasMessageContaining("partition=0, row=2: column='features', field='features' is no finite number");
        DataSet masked = new DataSet(Nd4j.ones(4, 6), Nd4j.ones(4, 3), null, Nd4j.ones(2, 1));
        assertThatThrownBy(() -> net.fit(spark.parallelize(List.of(masked), 1)))
                .hasMessage("mask of a DataSet has another shape than its array: partition=0, record=0, array=0,"
                        + " mask=[2, 1], array shape=[4, 3]. Give a number for each example.");
        assertThat(net.getNetwork().getIterationCount()).isZero();
    }

    @Test
    void whatAListenerThrowsIsThrownByTheFit() {
        SparkDl4jMultiLayer net = net(SmallDl4j.mlp(), mesh().build());
        net.setListeners(List.of(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                throw new IllegalStateException("listener " + iteration);
            }
        }));
        assertThatThrownBy(() -> net.fit(spark.parallelize(SmallDl4j.data(16, 4), 2)))
                .hasMessage("listener 0");
    }
}
