package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.spark.ml.TartanClassifier;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Trains a {@link TartanClassifier} and Spark's own perceptron of the same layers, in turns, in one session. */
final class BenchMl {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DIGITS = "spark-job/src/test/resources/digits.csv";
    private static final String LABEL = "label";
    private static final int MAX_ITERATIONS = 100;
    private static final int BLOCK_SIZE = 128;

    @Option(
            names = "--data",
            paramLabel = "FILE",
            description = "CSV with a header and numbers, 'label' the class; the digits of the tests if not given.")
    private @Nullable Path data;

    @Option(
            names = "--hidden",
            paramLabel = "N",
            split = ",",
            defaultValue = "64,64",
            description = "Widths of the hidden layers; ${DEFAULT-VALUE}.")
    private int[] hidden = {};

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Splits into 80 and 20 percent, by seeds from 1; ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            defaultValue = "" + MAX_ITERATIONS,
            description = "Most iterations of Spark's perceptron; ${DEFAULT-VALUE}.")
    private int iterations;

    /** Measures; gives each line of JSON to {@code lines} as soon as it is known. */
    void measure(Consumer<String> lines) {
        Path file = data != null ? data : Path.of(System.getenv().getOrDefault("TARTAN_HOME", "."), DIGITS);
        if (seeds < 1 || iterations < 1 || !Files.isRegularFile(file)) {
            throw new IllegalArgumentException("bench cannot be run so: seeds=" + seeds + ", iterations=" + iterations
                    + ", data=" + file + ". Give 1 or more of each, and a file that exists.");
        }
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.app.name", "tartan-bench");
        conf.setIfMissing("spark.master", "local[*]");
        try (SparkSession session = SparkSession.builder().config(conf).getOrCreate()) {
            Dataset<Row> rows = rows(session, file).cache();
            List<Integer> layers = new ArrayList<>();
            layers.add(rows.first().<Vector>getAs(1).size());
            Arrays.stream(hidden).forEach(layers::add);
            layers.add((int) rows.selectExpr("max(" + LABEL + ")").first().getDouble(0) + 1);
            measure(rows, layers.stream().mapToInt(Integer::intValue).toArray(), lines);
        }
    }

    private static Dataset<Row> rows(SparkSession session, Path file) {
        Dataset<Row> table = session.read()
                .option("header", "true")
                .option("inferSchema", "true")
                .csv(file.toUri().toString());
        String[] features = Arrays.stream(table.columns())
                .filter(name -> !name.equals(LABEL))
                .toArray(String[]::new);
        return new VectorAssembler()
                .setInputCols(features)
                .setOutputCol("features")
                .transform(table)
                .selectExpr("double(" + LABEL + ") " + LABEL, "features");
    }

    /** What one training gave. */
    private record Measured(double accuracy, double seconds) {
        static Measured of(Estimator<? extends Model<?>> estimator, Dataset<Row>[] parts) {
            long start = System.nanoTime();
            Model<?> model = estimator.fit(parts[0]);
            double seconds = (System.nanoTime() - start) / 1e9;
            double accuracy = new MulticlassClassificationEvaluator()
                    .setMetricName("accuracy")
                    .evaluate(model.transform(parts[1]));
            return new Measured(accuracy, seconds);
        }
    }

    private void measure(Dataset<Row> rows, int[] layers, Consumer<String> lines) {
        List<Measured> sparks = new ArrayList<>();
        List<Measured> tartans = new ArrayList<>();
        // The first round lets Java compile what the others run.
        for (int seed : IntStream.rangeClosed(0, seeds).toArray()) {
            Dataset<Row>[] parts = rows.randomSplit(new double[] {0.8, 0.2}, seed);
            Measured spark = Measured.of(
                    new MultilayerPerceptronClassifier()
                            .setLayers(layers)
                            .setMaxIter(iterations)
                            .setBlockSize(BLOCK_SIZE)
                            .setSeed(seed),
                    parts);
            Measured tartan =
                    Measured.of(new TartanClassifier().setHiddenLayers(hidden).setSeed(seed), parts);
            if (seed > 0) {
                sparks.add(spark);
                tartans.add(tartan);
                lines.accept(line(Map.of("seed", seed), List.of(spark), List.of(tartan)));
            }
        }
        lines.accept(line(Map.of("splits", seeds), sparks, tartans));
    }

    /** Mean accuracies and median times. */
    private static String line(Map<String, Integer> what, List<Measured> sparks, List<Measured> tartans) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "ml");
        line.putAll(what);
        line.put("sparkAccuracy", accuracy(sparks));
        line.put("tartanAccuracy", accuracy(tartans));
        line.put("sparkSeconds", seconds(sparks));
        line.put("tartanSeconds", seconds(tartans));
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double accuracy(List<Measured> all) {
        return rounded(all.stream().mapToDouble(Measured::accuracy).average().orElse(0));
    }

    private static double seconds(List<Measured> all) {
        double[] sorted = all.stream().mapToDouble(Measured::seconds).sorted().toArray();
        return rounded(sorted[sorted.length / 2]);
    }

    private static double rounded(double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }
}
