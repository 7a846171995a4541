package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.FrameRows;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.spark.dataset.SpoolBench;
import dev.tartan.spark.runtime.SparkSettings;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.metrics.RunSummary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Brings a frame into spools, and writes it as Parquet, in turns; then trains on it. */
final class BenchData {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "200000",
            description = "Rows of the frame; ${DEFAULT-VALUE}.")
    private long rows;

    @Option(
            names = "--features",
            paramLabel = "N",
            defaultValue = "100",
            description = "Floats of a row, besides its label; ${DEFAULT-VALUE}.")
    private int features;

    @Option(
            names = "--executors",
            paramLabel = "N",
            defaultValue = "2",
            description = "Processes, each one rank along 'data'; ${DEFAULT-VALUE}.")
    private int executors;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "256",
            description = "Samples of a step; ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Steps of the MLP that is trained at the end; ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often each is measured, in turns; ${DEFAULT-VALUE}.")
    private int repeat;

    /** Measures; gives each line of JSON to {@code lines} as soon as it is known. */
    void measure(Consumer<String> lines) throws IOException {
        if (rows < 1
                || features < 1
                || executors < 1
                || batch < executors
                || steps < 1
                || repeat < 1
                || batch % executors != 0) {
            throw new IllegalArgumentException("numbers are out of range: rows=" + rows + ", features=" + features
                    + ", executors=" + executors + ", batch=" + batch + ", steps=" + steps + ", repeat=" + repeat
                    + ". Give 1 or more of each, and a batch that the executors divide.");
        }
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.app.name", "tartan-bench");
        conf.setIfMissing("spark.master", "local[" + executors + "]");
        SparkSettings.addTo(conf, executors);
        Path folder = Files.createTempDirectory("tartan-bench-data");
        try (SparkSession session = SparkSession.builder().config(conf).getOrCreate()) {
            String source = folder.resolve("source").toString();
            generated(session).write().parquet(source);
            measure(session, session.read().parquet(source), folder, lines);
        } finally {
            delete(folder);
        }
    }

    private Dataset<Row> generated(SparkSession session) {
        String elements = IntStream.range(0, features)
                .mapToObj(i -> "cast(rand(" + i + ") as float)")
                .collect(Collectors.joining(", "));
        return session.range(0, rows, 1, 2 * executors)
                .selectExpr("array(" + elements + ") x", "cast(id % 10 as int) y");
    }

    private void measure(SparkSession session, Dataset<Row> frame, Path folder, Consumer<String> lines)
            throws IOException {
        List<Double> parquet = new ArrayList<>();
        List<Double> spools = new ArrayList<>();
        List<Double> shuffled = new ArrayList<>();
        List<Double> unshuffled = new ArrayList<>();
        // The first round lets Java compile what the others run.
        for (int round = -1; round < repeat; round++) {
            double written = writeParquet(frame, folder.resolve("written"));
            double start = System.currentTimeMillis();
            SpoolBench.Result result = spool(session, frame);
            if (round >= 0) {
                parquet.add(written);
                spools.add((result.spooledAtMillis() - start) / 1e3);
                shuffled.add(result.shuffledSeconds());
                unshuffled.add(result.unshuffledSeconds());
            }
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "data");
        line.put("rows", rows);
        line.put("features", features);
        line.put("executors", executors);
        line.put("parquetRowsPerSecond", Math.round(rows / Medians.of(parquet)));
        line.put("spoolRowsPerSecond", Math.round(rows / Medians.of(spools)));
        line.put("spoolOfParquet", rounded(Medians.of(parquet) / Medians.of(spools)));
        line.put("shuffledReadRowsPerSecond", Math.round(rows / Medians.of(shuffled)));
        line.put("unshuffledReadRowsPerSecond", Math.round(rows / Medians.of(unshuffled)));
        line.put("shuffledOfUnshuffledTime", rounded(Medians.of(shuffled) / Medians.of(unshuffled)));
        lines.accept(json(line));
        lines.accept(json(trained(session, frame)));
    }

    private static double writeParquet(Dataset<Row> frame, Path folder) throws IOException {
        long start = System.nanoTime();
        frame.write().parquet(folder.toString());
        double seconds = (System.nanoTime() - start) / 1e9;
        delete(folder);
        return seconds;
    }

    private static Samples samples(Dataset<Row> frame) {
        return Samples.of(frame).field("x", "x").field("y", "y");
    }

    private TrainingJob job() {
        int inputs = features;
        return TrainingJob.of(() -> new Mlp(inputs, List.of(64, 64), 10, Activation.RELU))
                .mesh(executors, 1)
                .globalBatch(batch);
    }

    private SpoolBench.Result spool(SparkSession session, Dataset<Row> frame) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        try (FrameRows read = FrameRows.of(
                spark,
                samples(frame).resolve(job().create()),
                executors,
                job().train().seed())) {
            return SpoolBench.run(spark, read, job(), executors);
        }
    }

    private Map<String, Object> trained(SparkSession session, Dataset<Row> frame) {
        RunSummary summary = Tartan.train(session, job().steps(steps), samples(frame), executors)
                .summary();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "data");
        line.put("network", "mlp " + features + "-64-64-10");
        line.put("batch", batch);
        line.put("medianStepMillis", rounded(summary.medianStepMillis()));
        line.put("exposedDataMillis", rounded(summary.exposedDataMillis()));
        line.put("exposedOfStep", rounded(summary.exposedDataMillis() / summary.medianStepMillis()));
        return line;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    private static String json(Map<String, Object> line) {
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
