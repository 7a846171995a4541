package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.spark.golden.GoldenNetwork;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Trains over executors in processes of their own, and holds the result against PyTorch and against one process. */
@Tag("slow")
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GoldenExecutorsTest {
    private static final int NUM_EXECUTORS = 4;

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void startSpark() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[" + NUM_EXECUTORS + ",1,1024]")
                .setAppName("executors test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set(
                        "spark.executor.extraJavaOptions",
                        "-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0");
        spark = new JavaSparkContext(SparkSettings.addTo(conf, NUM_EXECUTORS));
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    private RunConfig config(GoldenNetwork network, int data, int model, String collective, String output) {
        return config(network, data, model, collective, output, "");
    }

    private RunConfig config(
            GoldenNetwork network, int data, int model, String collective, String output, String more) {
        try {
            Files.createDirectories(folder.resolve(output));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return RunConfigLoader.parse(network.config() + "mesh { data=" + data + ", model=" + model + " }\n"
                + "output { dir=\"" + folder.resolve(output) + "\" }\n" + "collective { " + collective + " }\n" + more);
    }

    private static TrainingPlan plan(RunConfig config) {
        return TrainingJob.of(config).compile(Nd4jBackend.forDevices(1));
    }

    private static TrainingResult train(RunConfig config, int executors) {
        return SparkTrainer.train(spark, plan(config), config.network(), executors, step -> {});
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    @ParameterizedTest
    @CsvSource({
        "gpt, 2, 2, 2",
        "gpt, 4, 4, 1",
        "gpt, 2, 1, 2",
        "llama, 4, 2, 2",
        "llama, 2, 4, 1",
        "mlp, 2, 2, 1",
        "mlp, 2, 4, 1"
    })
    void goldenRunFollowsPyTorchAndOneProcess(String kind, int executors, int data, int model) throws Exception {
        checkGolden(kind, executors, data, model);
    }

    @Tag("large")
    @ParameterizedTest
    @CsvSource({
        "gpt, 2, 2, 1",
        "gpt, 2, 4, 1",
        "gpt, 4, 2, 2",
        "llama, 2, 2, 2",
        "llama, 2, 1, 2",
        "llama, 2, 2, 1",
        "llama, 4, 4, 1",
        "mlp, 2, 2, 2",
        "mlp, 4, 4, 1"
    })
    void everyOtherGoldenRunFollowsPyTorchAndOneProcess(String kind, int executors, int data, int model)
            throws Exception {
        checkGolden(kind, executors, data, model);
    }

    private void checkGolden(String kind, int executors, int data, int model) throws Exception {
        GoldenNetwork network = new GoldenNetwork(kind);
        String algorithm = "algorithm=ring";
        TrainingResult over = train(config(network, data, model, algorithm, "over"), executors);
        network.check(folder.resolve("over"));
        assertThat(over.summary().measuredPeakBytesPerDevice())
                .isEqualTo(over.summary().plannedPeakBytesPerDevice());

        RunConfig alone = config(network, data, model, algorithm, "alone");
        TrainingResult here =
                MeshTrainer.run(plan(alone), alone.network(), Nd4jBackend.forDevices(data * model), step -> {});
        assertThat(losses(over)).isEqualTo(losses(here));
        assertThat(folder.resolve("over/final.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("alone/final.safetensors"));
    }

    /** Of each network on each mesh one or two stages, all stages among them. */
    static Stream<Arguments> sampledStrategies() {
        return strategies().filter(GoldenExecutorsTest::isSampled);
    }

    static Stream<Arguments> otherStrategies() {
        return strategies().filter(arguments -> !isSampled(arguments));
    }

    private static boolean isSampled(Arguments arguments) {
        Object[] values = arguments.get();
        return (values[0].toString().length() + (int) values[1] / 2 + (int) values[2] + (int) values[3]) % 3 == 0;
    }

    private static Stream<Arguments> strategies() {
        int[][] meshes = {{2, 1}, {4, 1}, {2, 2}};
        return Stream.of("gpt", "llama", "mlp")
                .flatMap(kind -> Stream.of(meshes)
                        .flatMap(mesh -> IntStream.range(0, 4)
                                .mapToObj(zero -> Arguments.of(
                                        kind, mesh[0], mesh[1], zero, saver(kind, mesh[0], mesh[1], zero)))));
    }

    /** Each way to save memory comes with each mesh and each stage. */
    private static String saver(String kind, int data, int model, int zero) {
        boolean language = !kind.equals("mlp");
        int microBatches = data == 4 && language ? 2 : 4;
        return switch ((data + model + zero + kind.length()) % 3) {
            case 0 -> "strategy.recompute=none";
            case 1 -> "strategy.recompute=block, train.microBatches=" + microBatches;
            default -> "strategy.recompute=selective, strategy.sequenceParallel=" + (language && model > 1);
        };
    }

    @ParameterizedTest(name = "{0} on {1}x{2}, zero {3}, {4}")
    @MethodSource("sampledStrategies")
    void strategiesOverTwoExecutorsFollowPyTorch(String kind, int data, int model, int zero, String saver)
            throws Exception {
        checkStrategy(kind, data, model, zero, saver);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, zero {3}, {4}")
    @MethodSource("otherStrategies")
    void everyOtherStrategyOverTwoExecutorsFollowsPyTorch(String kind, int data, int model, int zero, String saver)
            throws Exception {
        checkStrategy(kind, data, model, zero, saver);
    }

    private void checkStrategy(String kind, int data, int model, int zero, String saver) throws Exception {
        GoldenNetwork network = new GoldenNetwork(kind);
        RunConfig config = config(network, data, model, "", "over", "strategy.zero=" + zero + "\n" + saver + "\n");
        TrainingResult over = train(config, 2);
        network.check(folder.resolve("over"));
        assertThat(over.summary().measuredPeakBytesPerDevice())
                .isEqualTo(over.summary().plannedPeakBytesPerDevice());
    }

    /** Two executors hold a group of two shards each, and reduce gradients between them. */
    @ParameterizedTest
    @CsvSource({"gpt, 1, 3", "llama, 2, 2"})
    void groupsOfShardsInExecutorsFollowPyTorch(String kind, int model, int zero) throws Exception {
        GoldenNetwork network = new GoldenNetwork(kind);
        String strategy = "strategy { zero=" + zero + ", shard=2 }\n";
        TrainingResult over = train(config(network, 4, model, "", "over", strategy), 2);
        network.check(folder.resolve("over"));
        assertThat(over.summary().mesh()).isEqualTo(Map.of("replica", 2, "data", 2, "model", model));
        assertThat(over.summary().measuredPeakBytesPerDevice())
                .isEqualTo(over.summary().plannedPeakBytesPerDevice());
        assertThat(over.summary().communication())
                .filteredOn(total -> total.axis().equals("replica"))
                .isNotEmpty()
                .allMatch(total -> total.op().equals("all_reduce"));
    }

    @ParameterizedTest
    @CsvSource({"shared, 0", "shared, 3", "direct, 1", "direct, 2"})
    void sumsInTheOrderOfRanksDoNotDependOnHowRanksAreSpread(String algorithm, int zero) throws Exception {
        checkSpread(algorithm, zero);
    }

    @Tag("large")
    @ParameterizedTest
    @CsvSource({"shared, 1", "shared, 2", "direct, 0", "direct, 3"})
    void sumsOfEveryOtherStageDoNotDependOnHowRanksAreSpread(String algorithm, int zero) throws Exception {
        checkSpread(algorithm, zero);
    }

    private void checkSpread(String algorithm, int zero) throws Exception {
        GoldenNetwork network = new GoldenNetwork("gpt");
        String collective = "algorithm=" + algorithm;
        String strategy = "strategy.zero=" + zero + "\n";
        RunConfig alone = config(network, 4, 1, collective, "alone", strategy);
        MeshTrainer.run(plan(alone), alone.network(), Nd4jBackend.forDevices(4), step -> {});
        for (int executors : new int[] {2, 4}) {
            String output = "over" + executors;
            train(config(network, 4, 1, collective, output, strategy), executors);
            assertThat(folder.resolve(output + "/final.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("alone/final.safetensors"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void equalRunsAreBitwiseEqualByDefault(int executors) throws Exception {
        GoldenNetwork network = new GoldenNetwork("gpt");
        for (String output : List.of("first", "second")) {
            train(config(network, 4, 1, "", output), executors);
        }
        assertThat(folder.resolve("second/final.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("first/final.safetensors"));
    }

    /** Ranks of one process add up on shared work unless told otherwise, in the order of ranks. */
    @ParameterizedTest
    @ValueSource(strings = {"transport=tcp, encrypt=true", "transport=tcp, streams=2", "transport=shm"})
    void directSumsAreThoseOfOneProcessHoweverRanksAreConnected(String connected) throws Exception {
        GoldenNetwork network = new GoldenNetwork("gpt");
        TrainingResult over = train(config(network, 4, 1, "algorithm=shared, " + connected, "over"), 2);
        network.check(folder.resolve("over"));
        RunConfig alone = config(network, 4, 1, "", "alone");
        TrainingResult here = MeshTrainer.run(plan(alone), alone.network(), Nd4jBackend.forDevices(4), step -> {});
        assertThat(losses(over)).isEqualTo(losses(here));
    }

    @Test
    void algorithmsPickedByTheTableFollowPyTorch() throws Exception {
        GoldenNetwork network = new GoldenNetwork("llama");
        List<Double> shown = new ArrayList<>();
        RunConfig config = config(network, 4, 2, "", "over");
        SparkTrainer.train(spark, plan(config), config.network(), 2, step -> shown.add(step.loss()));
        network.check(folder.resolve("over"));
        assertThat(shown).hasSize(40);
    }
}
