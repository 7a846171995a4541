package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.spark.runtime.Preflight;
import dev.tartan.spark.runtime.SparkSettings;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.train.Backends;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.metrics.RunSummary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Option;

/** Trains a small GPT on Spark executors with and without overlap of communication, by the way any run takes. */
final class BenchOverlap {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of each run, besides a run of either kind before that is not reported: Java then has compiled all there is. */
    private static final int WARM_UP_STEPS = 3;

    @Option(
            names = "--executors",
            paramLabel = "N",
            defaultValue = "2",
            description = "Executors, each one rank along 'data'; ${DEFAULT-VALUE}.")
    private int executors;

    @Option(
            names = "--zero",
            paramLabel = "LIST",
            split = ",",
            hideParamSyntax = true,
            defaultValue = "2,3",
            description = "Values of strategy.zero; ${DEFAULT-VALUE}.")
    private int[] zero = {};

    @Option(
            names = "--delay-millis",
            paramLabel = "N",
            defaultValue = "5",
            description = "collective.messageDelayMillis of the runs; ${DEFAULT-VALUE}.")
    private int delayMillis;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "15",
            description = "Steps of a run, after 3 that are not timed; ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "3",
            description = "Runs with overlap, and without, in turns; ${DEFAULT-VALUE}.")
    private int repeat;

    @Option(
            names = "--gpt",
            paramLabel = "BATCH,CONTEXT,HIDDEN,HEADS,LAYERS,VOCABULARY",
            split = ",",
            hideParamSyntax = true,
            defaultValue = "32,64,128,4,4,512",
            description = "Sizes; ${DEFAULT-VALUE}.")
    private int[] gpt = {};

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A key of the run's config, such as strategy.bucketBytes=1MiB; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    /** What a run of one kind came to. */
    private record Run(double stepMillis, double exposedMillis, double totalMillis) {
        static Run median(List<Run> runs) {
            return new Run(
                    middle(runs.stream().mapToDouble(Run::stepMillis).toArray()),
                    middle(runs.stream().mapToDouble(Run::exposedMillis).toArray()),
                    middle(runs.stream().mapToDouble(Run::totalMillis).toArray()));
        }

        private static double middle(double[] values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }
    }

    /** Trains; gives each line of JSON to {@code lines} as soon as it is known. */
    void measure(Consumer<String> lines) throws IOException {
        check();
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.app.name", "tartan-bench");
        SparkSettings.addTo(conf, executors);
        Preflight.check(conf, executors, executors);
        Path folder = Files.createTempDirectory("tartan-bench-overlap");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            writeTokens(folder);
            for (int stage : zero) {
                measure(spark, folder, stage, lines);
            }
        } finally {
            delete(folder);
        }
    }

    private void check() {
        if (gpt.length != 6 || Arrays.stream(gpt).anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException("--gpt has not six sizes: value=" + Arrays.toString(gpt)
                    + ". Give batch, context, hidden, heads, layers and vocabulary.");
        }
        if (executors < 2 || steps < 1 || repeat < 1 || delayMillis < 0) {
            throw new IllegalArgumentException("numbers are out of range: executors=" + executors + ", steps=" + steps
                    + ", repeat=" + repeat + ", delayMillis=" + delayMillis
                    + ". Give 2 executors or more, 1 step or more, 1 repetition or more, and no negative delay.");
        }
        if (Arrays.stream(zero).anyMatch(stage -> stage < 0 || stage > StrategyConfig.MAX_ZERO)) {
            throw new IllegalArgumentException("--zero is out of range: value=" + Arrays.toString(zero)
                    + ". Give stages from 0 to " + StrategyConfig.MAX_ZERO + ".");
        }
    }

    private void measure(JavaSparkContext spark, Path folder, int stage, Consumer<String> lines) {
        List<Run> on = new ArrayList<>();
        List<Run> off = new ArrayList<>();
        for (int round = -1; round < repeat; round++) {
            for (boolean overlap : new boolean[] {true, false}) {
                Run run = train(spark, folder, stage, overlap);
                if (round >= 0) {
                    (overlap ? on : off).add(run);
                    lines.accept(line(stage, overlap, run));
                }
            }
        }
        lines.accept(comparison(stage, Run.median(on), Run.median(off)));
    }

    private Run train(JavaSparkContext spark, Path folder, int stage, boolean overlap) {
        TrainingJob job = TrainingJob.of(config(folder, stage, overlap));
        TrainingPlan plan = job.compile(Backends.of(job.device()));
        TrainingResult result = SparkTrainer.train(spark, plan, job.network(), executors, step -> {});
        RunSummary summary = result.summary();
        return new Run(
                RunSummary.medianStepMillis(
                        result.steps().subList(WARM_UP_STEPS, result.steps().size())),
                summary.exposedCommunicationMillis(),
                summary.totalCommunicationMillis());
    }

    private RunConfig config(Path folder, int stage, boolean overlap) {
        List<String> keys = new ArrayList<>(List.of(
                "mesh={data=" + executors + ", model=1}",
                "network={kind=gpt, vocab=" + gpt[5] + ", context=" + gpt[1] + ", hidden=" + gpt[2] + ", layers="
                        + gpt[4] + ", heads=" + gpt[3] + "}",
                "data={kind=batches, path=\"" + tokens(folder) + "\"}",
                // The network is small, so that its buckets have to be.
                "train={steps=" + (WARM_UP_STEPS + steps) + ", globalBatch=" + gpt[0] + "}",
                "output.dir=" + folder.resolve("run"),
                "collective.messageDelayMillis=" + delayMillis,
                "strategy={zero=" + stage + ", overlap=" + overlap + "}"));
        keys.addAll(overrides);
        return RunConfigLoader.load(null, keys);
    }

    private static Path tokens(Path folder) {
        return folder.resolve("tokens.safetensors");
    }

    private void writeTokens(Path folder) {
        Shape shape = Shape.shape(WARM_UP_STEPS + steps, gpt[0], gpt[1] + 1L);
        int[] values = new Random(1).ints(shape.numElements(), 0, gpt[5]).toArray();
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                tokens(folder),
                List.of(new TensorDeclaration(HostBatch.TOKENS, DType.INT32, shape)),
                Map.of("format", "pt"))) {
            writer.writeInts(HostBatch.TOKENS, TensorSlice.whole(shape), values);
            writer.finish();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private String line(int stage, boolean overlap, Run run) {
        Map<String, Object> line = head(stage);
        line.put("overlap", overlap);
        line.put("medianStepMillis", rounded(run.stepMillis()));
        line.put("exposedCommunicationMillis", rounded(run.exposedMillis()));
        line.put("totalCommunicationMillis", rounded(run.totalMillis()));
        return json(line);
    }

    private String comparison(int stage, Run on, Run off) {
        Map<String, Object> line = head(stage);
        line.put("stepMillisOverlap", rounded(on.stepMillis()));
        line.put("stepMillisWithout", rounded(off.stepMillis()));
        line.put("stepRatio", rounded(on.stepMillis() / off.stepMillis()));
        line.put("exposedOfTotal", rounded(on.exposedMillis() / on.totalMillis()));
        return json(line);
    }

    private Map<String, Object> head(int stage) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "overlap");
        line.put("executors", executors);
        line.put("gpt", gpt);
        line.put("delayMillis", delayMillis);
        line.put("zero", stage);
        return line;
    }

    private static String json(Map<String, Object> line) {
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }
}
