package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.spark.dl4j.MeshTrainingMaster;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.stats.EventStats;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Three ways to fit the same network to the same DataSets, epoch by epoch in turns, each timed from the call of
 * {@code fit} to its return.
 */
final class Dl4jContest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String AVERAGING = "averaging";
    private static final String MESH = "mesh";
    private static final String LOCAL = "local";
    private static final int AVERAGING_FREQUENCY = 5;

    private final int examples;
    private final int epochs;
    private final int each;
    private final int batch;
    private final ContestNetwork network;
    private final int data;
    private final int zero;
    private final List<String> without;

    Dl4jContest(
            int examples,
            int epochs,
            int each,
            int batch,
            ContestNetwork network,
            int data,
            int zero,
            String[] without) {
        this.examples = examples;
        this.epochs = epochs;
        this.each = each;
        this.batch = batch;
        this.network = network;
        this.data = data;
        this.zero = zero;
        this.without = List.of(without);
    }

    /** One way to fit: an epoch, the score after it, and how long its parts took, if that is known. */
    private record Contender(Runnable fit, DoubleSupplier score, Supplier<Map<String, Long>> millis) {}

    void measure(Consumer<String> lines) {
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.app.name", "tartan-bench");
        conf.setIfMissing("spark.master", "local[2]");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            ContestData source = network.data(examples, each);
            List<Integer> indices = IntStream.range(0, source.size()).boxed().toList();
            // In memory, and made where they are kept: what the driver parallelizes goes out again with each task.
            JavaRDD<DataSet> rdd =
                    spark.parallelize(indices, 2 * data).map(source::set).cache();
            rdd.count();
            Map<String, Contender> contenders = new LinkedHashMap<>();
            contenders.put(AVERAGING, onSpark(spark, rdd, averaging()));
            contenders.put(
                    MESH,
                    onSpark(
                            spark,
                            rdd,
                            new MeshTrainingMaster.Builder(each)
                                    .mesh(data, 1)
                                    .zeroStage(zero)
                                    .batchSizePerWorker(batch)
                                    .build()));
            contenders.put(LOCAL, local(indices.stream().map(source::set).toList()));
            contenders.keySet().removeAll(without);
            Map<String, List<Double>> speeds = new LinkedHashMap<>();
            for (int epoch = 0; epoch < epochs; epoch++) {
                for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
                    long start = System.nanoTime();
                    contender.getValue().fit().run();
                    double speed = examples / ((System.nanoTime() - start) / 1e9);
                    speeds.computeIfAbsent(contender.getKey(), absent -> new ArrayList<>())
                            .add(speed);
                    lines.accept(line(
                            "epoch",
                            epoch,
                            "way",
                            contender.getKey(),
                            "examplesPerSecond",
                            Math.round(speed),
                            "score",
                            contender.getValue().score().getAsDouble(),
                            "partsMillis",
                            contender.getValue().millis().get()));
                }
            }
            lines.accept(medians(speeds));
        }
    }

    private String medians(Map<String, List<Double>> speeds) {
        List<Object> fields = new ArrayList<>(List.of("examples", examples, "epochs", epochs));
        Map<String, Double> medians = new LinkedHashMap<>();
        speeds.forEach((way, all) -> {
            double median = Medians.of(all);
            medians.put(way, median);
            fields.addAll(List.of(way + "ExamplesPerSecond", Math.round(median)));
        });
        for (String other : List.of(AVERAGING, LOCAL)) {
            Double mesh = medians.get(MESH);
            Double against = medians.get(other);
            if (mesh != null && against != null) {
                fields.addAll(List.of(
                        "meshOver" + (other.equals(LOCAL) ? "Local" : "Averaging"),
                        Math.round(mesh / against * 100) / 100.0));
            }
        }
        return line(fields.toArray());
    }

    private static String line(Object... pairs) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "dl4j");
        for (int i = 0; i < pairs.length; i += 2) {
            line.put((String) pairs[i], pairs[i + 1]);
        }
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private TrainingMaster<?, ?> averaging() {
        return new ParameterAveragingTrainingMaster.Builder(each)
                .batchSizePerWorker(batch)
                .averagingFrequency(AVERAGING_FREQUENCY)
                .saveUpdater(true)
                // as the examples are kept already
                .storageLevel(StorageLevel.MEMORY_ONLY())
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .rngSeed(1)
                .build();
    }

    private Contender onSpark(JavaSparkContext spark, JavaRDD<DataSet> rdd, TrainingMaster<?, ?> master) {
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(spark, network.configuration(), master);
        boolean tellsParts = master instanceof MeshTrainingMaster;
        net.setCollectTrainingStats(tellsParts);
        return new Contender(() -> net.fit(rdd), net::getScore, () -> tellsParts ? parts(net) : Map.of());
    }

    /** How long the parts of the last fit took. */
    private static Map<String, Long> parts(SparkDl4jMultiLayer net) {
        SparkTrainingStats stats = net.getSparkTrainingStats();
        Map<String, Long> parts = new LinkedHashMap<>();
        for (String key : stats.getKeySet()) {
            List<EventStats> all = stats.getValue(key);
            parts.put(key, all.get(all.size() - 1).getDurationMs());
        }
        return parts;
    }

    private Contender local(List<DataSet> sets) {
        MultiLayerNetwork net = new MultiLayerNetwork(network.configuration());
        net.init();
        // The iterator counts DataSets, not examples.
        int perBatch = Math.max(1, batch / each);
        return new Contender(() -> net.fit(new ListDataSetIterator<>(sets, perBatch)), net::score, Map::of);
    }
}
