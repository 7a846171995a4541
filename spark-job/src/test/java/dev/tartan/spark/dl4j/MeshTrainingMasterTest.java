package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Fits on a mesh, held against DL4J's own on one machine with the same batches. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MeshTrainingMasterTest {
    /** Float32 in both; sums are added in another order. */
    private static final double CLOSE = 1e-5;

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
        return new MeshTrainingMaster.Builder(4).mesh(2, 1);
    }

    private static void assertSame(MultiLayerNetwork net, MultiLayerNetwork local) {
        assertThat(net.score()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.params(), local.params())).isLessThan(CLOSE);
        assertThat(SmallDl4j.distance(SmallDl4j.updaterState(net), SmallDl4j.updaterState(local)))
                .isLessThan(CLOSE);
        assertThat(net.getIterationCount()).isEqualTo(local.getIterationCount());
    }

    /** All examples are one batch, so its order does not matter. */
    @Test
    void fitsInARowAreThoseOfOneMachine() {
        List<DataSet> data = SmallDl4j.data(24, 4);
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark,
                SmallDl4j.mlp(),
                mesh().batchSizePerWorker(12).zeroStage(1).build());
        MultiLayerNetwork local = SmallDl4j.localMlp();
        JavaRDD<DataSet> rdd = spark.parallelize(data, 3);
        for (int fit = 0; fit < 3; fit++) {
            net.fit(rdd);
            local.fit(SmallDl4j.merged(data));
            assertSame(net.getNetwork(), local);
            assertThat(net.getScore()).isEqualTo(net.getNetwork().score());
        }
        assertThat(net.getNetwork().getEpochCount()).isEqualTo(3);
    }

    /** Nor do they read the shuffle's files again. */
    @Test
    void fitsOfAnRddThatStaysReadItOnce() throws TimeoutException {
        AtomicLong records = new AtomicLong();
        SparkListener listener = new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                records.addAndGet(end.taskMetrics().shuffleReadMetrics().recordsRead());
            }
        };
        MeshTrainingMaster master = mesh().batchSizePerWorker(12).build();
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(spark, SmallDl4j.mlp(), master);
        MultiLayerNetwork local = SmallDl4j.localMlp();
        List<DataSet> data = SmallDl4j.data(24, 4);
        JavaRDD<DataSet> rdd = spark.parallelize(data, 3);
        spark.sc().addSparkListener(listener);
        try {
            List<Long> read = new ArrayList<>();
            for (int fit = 0; fit < 4; fit++) {
                if (fit == 3) {
                    master.deleteTempFiles(spark);
                }
                net.fit(rdd);
                local.fit(SmallDl4j.merged(data));
                spark.sc().listenerBus().waitUntilEmpty();
                read.add(records.getAndSet(0));
            }
            assertThat(read.get(0)).isPositive();
            assertThat(read.subList(1, 3)).containsExactly(0L, 0L);
            assertThat(read.get(3)).isEqualTo(read.get(0));
            assertSame(net.getNetwork(), local);
        } finally {
            spark.sc().removeSparkListener(listener);
        }
    }

    /** 22 of the batch of 24 are there, in partitions of which some are empty. */
    @Test
    void examplesThatDoNotFillABatchCountAlone() {
        List<DataSet> data = SmallDl4j.data(22, 5);
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark,
                SmallDl4j.mlp(),
                mesh().batchSizePerWorker(12).microBatches(2).build());
        net.fit(spark.parallelize(data, 8).filter(set -> true));
        MultiLayerNetwork local = SmallDl4j.localMlp();
        local.fit(SmallDl4j.merged(data));
        assertSame(net.getNetwork(), local);
    }

    @Test
    void batchesAreOtherOnesInEachEpochAndAllLearn() {
        List<DataSet> data = SmallDl4j.data(300, 7);
        MeshTrainingMaster master = mesh().batchSizePerWorker(8).build();
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(spark, SmallDl4j.mlp(), master);
        List<Integer> iterations = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        net.setListeners(List.of(new BaseTrainingListener() {
            @Override
            public void iterationDone(org.deeplearning4j.nn.api.Model model, int iteration, int epoch) {
                iterations.add(iteration);
                scores.add(model.score());
            }
        }));
        JavaRDD<DataSet> rdd = spark.parallelize(data, 4);
        double before = net.getNetwork().score(SmallDl4j.merged(data));
        for (int epoch = 0; epoch < 20; epoch++) {
            net.fit(rdd);
        }
        int steps = 19 * 20;
        assertThat(iterations).hasSize(steps).isSorted().startsWith(0, 1, 2).endsWith(steps - 1);
        assertThat(scores.get(steps - 1)).isEqualTo(net.getScore());
        assertThat(scores).doesNotHaveDuplicates();
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(steps);
        assertThat(net.getNetwork().score(SmallDl4j.merged(data))).isLessThan(before / 2);
        Evaluation evaluation = net.evaluate(rdd);
        assertThat(evaluation.accuracy()).isGreaterThan(0.9);
    }

    @Test
    void graphsTakeDataSetsAndMultiDataSets() {
        List<DataSet> data = SmallDl4j.data(24, 4);
        SparkComputationGraph net = new SparkComputationGraph(
                spark, SmallDl4j.graph(), mesh().batchSizePerWorker(12).build());
        net.fit(spark.parallelize(data, 2));
        net.fitMultiDataSet(spark.parallelize(data, 2).map(DataSet::toMultiDataSet));
        ComputationGraph local = new ComputationGraph(SmallDl4j.graph());
        local.init();
        local.fit(SmallDl4j.merged(data));
        local.fit(SmallDl4j.merged(data));
        assertThat(net.getNetwork().score()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
        assertThat(net.getNetwork().getIterationCount()).isEqualTo(2);
        assertThat(net.getScore()).isEqualTo(net.getNetwork().score());
    }

    @Test
    void pathsAreReadByExecutors(@TempDir Path folder) throws IOException {
        List<DataSet> data = SmallDl4j.data(24, 4);
        for (int i = 0; i < data.size(); i++) {
            data.get(i).save(folder.resolve("data" + i + ".bin").toFile());
        }
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark, SmallDl4j.mlp(), mesh().batchSizePerWorker(12).build());
        net.fit(folder.toUri().toString());
        SparkComputationGraph graph = new SparkComputationGraph(
                spark, SmallDl4j.graph(), mesh().batchSizePerWorker(12).build());
        graph.fit(folder.toUri().toString());
        MultiLayerNetwork local = SmallDl4j.localMlp();
        local.fit(SmallDl4j.merged(data));
        assertSame(net.getNetwork(), local);
        assertThat(graph.getNetwork().getIterationCount()).isEqualTo(1);
    }

    @Test
    void networkIsSavedAndLoadedByDl4jAndGoesOn(@TempDir Path folder) throws IOException {
        List<DataSet> data = SmallDl4j.data(24, 4);
        JavaRDD<DataSet> rdd = spark.parallelize(data, 2);
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark, SmallDl4j.mlp(), mesh().batchSizePerWorker(12).build());
        net.fit(rdd);
        File zip = folder.resolve("net.zip").toFile();
        ModelSerializer.writeModel(net.getNetwork(), zip, true);
        MultiLayerNetwork back = ModelSerializer.restoreMultiLayerNetwork(zip, true);
        assertThat(back.params()).isEqualTo(net.getNetwork().params());
        SparkDl4jMultiLayer other = new SparkDl4jMultiLayer(
                spark, back, mesh().batchSizePerWorker(12).build());
        net.fit(rdd);
        other.fit(rdd);
        assertThat(other.getNetwork().params()).isEqualTo(net.getNetwork().params());
        assertThat(SmallDl4j.updaterState(other.getNetwork())).isEqualTo(SmallDl4j.updaterState(net.getNetwork()));
        assertThat(other.getNetwork().getIterationCount()).isEqualTo(2);
        INDArray output = net.getNetwork().output(data.get(0).getFeatures());
        assertThat(other.getNetwork().output(data.get(0).getFeatures())).isEqualTo(output);
    }

    @Test
    void partsOfFitsAreTimed(@TempDir Path folder) throws IOException {
        MeshTrainingMaster master = mesh().batchSizePerWorker(12).build();
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(spark, SmallDl4j.mlp(), master);
        net.setCollectTrainingStats(true);
        JavaRDD<DataSet> rdd = spark.parallelize(SmallDl4j.data(24, 4), 2);
        net.fit(rdd);
        net.fit(rdd);
        SparkTrainingStats stats = net.getSparkTrainingStats();
        assertThat(stats.getKeySet()).containsExactly("read", "send", "compile", "train", "receive");
        assertThat(stats.getValue("train")).hasSize(2);
        assertThat(stats.statsAsString()).contains("compile", " ms");
        stats.exportStatFiles(folder.toUri().toString(), spark.sc());
        assertThat(folder.resolve("mesh_train.txt")).content().hasLineCount(3);
    }
}
