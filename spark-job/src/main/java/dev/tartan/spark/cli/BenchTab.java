package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.spark.ui.TartanTab;
import dev.tartan.train.TrainingJob;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/**
 * Trains an MLP in turns in a session whose UI has the tab, which is looked at as a browser does, and in one without.
 */
final class BenchTab {
    private static final Logger LOG = LoggerFactory.getLogger(BenchTab.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int RANKS = 2;
    private static final int FEATURES = 256;
    private static final int CLASSES = 10;
    private static final int REFRESH_SECONDS = 2;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "2000",
            description = "Steps of a run; ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "7",
            description = "Runs with the tab, and without, in turns, after one of each; ${DEFAULT-VALUE}.")
    private int repeat;

    /** Measures; gives a line of JSON to {@code lines}. */
    void measure(Consumer<String> lines) throws JsonProcessingException {
        if (steps < 1 || repeat < 1) {
            throw new IllegalArgumentException(
                    "numbers are out of range: steps=" + steps + ", repeat=" + repeat + ". Give 1 or more of each.");
        }
        List<Double> with = new ArrayList<>();
        List<Double> without = new ArrayList<>();
        for (int i = 0; i <= repeat; i++) {
            // Who goes first alternates too.
            boolean first = i % 2 == 0;
            double one = run(first);
            double other = run(!first);
            if (i > 0) {
                with.add(first ? one : other);
                without.add(first ? other : one);
            }
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "tab");
        line.put("steps", steps);
        line.put("repeat", repeat);
        line.put("stepMillis", Medians.of(with));
        line.put("stepMillisWithout", Medians.of(without));
        line.put("ratio", Medians.of(with) / Medians.of(without));
        lines.accept(JSON.writeValueAsString(line));
    }

    /** The median step of a run in a session of its own. */
    private double run(boolean tab) {
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.master", "local[" + RANKS + "]");
        conf.setIfMissing("spark.app.name", "tartan-bench");
        conf.set("spark.ui.enabled", "true").set("spark.ui.port", "0").set(TartanTab.ENABLED, Boolean.toString(tab));
        SparkSession session = SparkSession.builder().config(conf).getOrCreate();
        ScheduledExecutorService browser = Executors.newSingleThreadScheduledExecutor();
        try (session) {
            String url = TartanTab.url(session.sparkContext()).orElse(null);
            if (url != null) {
                Future<?> unused = browser.scheduleAtFixedRate(
                        () -> look(url), REFRESH_SECONDS, REFRESH_SECONDS, TimeUnit.SECONDS);
            }
            Dataset<Row> frame = session.range(4096)
                    .selectExpr(
                            "transform(sequence(1, " + FEATURES + "), i -> cast(sin(id * i) as float)) x",
                            "cast(id % " + CLASSES + " as int) y");
            TrainingJob job = TrainingJob.of(() -> new Mlp(FEATURES, List.of(512, 512), CLASSES, Activation.RELU))
                    .mesh(RANKS, 1)
                    .optimizer(AdamWOptimizer.of(1e-3))
                    .globalBatch(128)
                    .steps(steps);
            return Tartan.train(session, job, Samples.of(frame).field("x", "x").field("y", "y"))
                    .summary()
                    .medianStepMillis();
        } finally {
            browser.shutdownNow();
        }
    }

    private static void look(String url) {
        try (var page = URI.create(url).toURL().openStream()) {
            page.readAllBytes();
        } catch (IOException e) {
            LOG.warn("page cannot be read: url={}, reason={}", url, e.toString());
        }
    }
}
