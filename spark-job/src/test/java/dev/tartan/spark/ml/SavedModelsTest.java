package dev.tartan.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.network.NetworkFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Estimators and models on disk. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SavedModelsTest {
    @TempDir
    static Path folder;

    private static SparkSession session;
    private static Dataset<Row> frame;

    @BeforeAll
    static void start() {
        session = Digits.session("local[2]");
        frame = frame(session);
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static Dataset<Row> frame(SparkSession session) {
        return session.range(0, 100, 1, 2)
                .selectExpr("id", "array(sin(id), cos(id)) values", "id % 3 label")
                .withColumn("features", functions.array_to_vector(col("values")))
                .drop("values");
    }

    private static String uri(String name) {
        return folder.resolve(name).toUri().toString();
    }

    private static List<String> lines(SparkSession session, String path) {
        return PipelineModel.load(path).transform(frame(session)).orderBy("id").collectAsList().stream()
                .map(Row::toString)
                .toList();
    }

    /** Another JVM: loads a pipeline and writes its predictions. */
    static final class Other {
        private Other() {}

        public static void main(String[] args) throws IOException {
            SparkSession session = Digits.session("local[2]");
            Files.write(Path.of(args[1]), lines(session, args[0]));
            session.stop();
        }
    }

    @Test
    void anotherProcessPredictsTheSame() throws Exception {
        PipelineModel fitted = new Pipeline()
                .setStages(new PipelineStage[] {
                    new StandardScaler().setInputCol("features").setOutputCol("scaled"),
                    new TartanClassifier()
                            .setFeaturesCol("scaled")
                            .setHiddenLayers(new int[] {8, 8})
                            .setEpochs(3),
                    new TartanRegressor()
                            .setPredictionCol("number")
                            .setHiddenLayers(new int[0])
                            .setMaxSteps(3),
                    new TartanEstimator()
                            .setNetwork(() -> new SmallNet(4).create())
                            .setFeedDict(Map.of("x", "scaled", "y", "label"))
                            .setFetchDict(Map.of("scores", "logits"))
                            .setMaxSteps(3)
                })
                .fit(frame);
        String path = uri("pipeline");
        fitted.write().overwrite().save(path);
        List<String> expected = fitted.transform(frame).orderBy("id").collectAsList().stream()
                .map(Row::toString)
                .toList();
        assertThat(expected.get(0)).contains("WrappedArray");
        assertThat(lines(session, path)).isEqualTo(expected);

        Path file = folder.resolve("predictions.txt");
        List<String> command =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java")));
        java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens") || argument.startsWith("-XX:+Ignore"))
                .forEach(command::add);
        command.addAll(List.of(
                "-Xmx1g", "-cp", System.getProperty("java.class.path"), Other.class.getName(), path, file.toString()));
        Process other = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("other.log").toFile())
                .start();
        assertThat(other.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(other.exitValue())
                .as(Files.readString(folder.resolve("other.log")))
                .isZero();
        assertThat(Files.readAllLines(file)).isEqualTo(expected);
    }

    @Test
    void aLoadedModelHasItsParamsAndNoSummary() throws IOException {
        TartanClassificationModel model = new TartanClassifier()
                .setHiddenLayers(new int[] {4})
                .setMaxSteps(2)
                .setInferBatchSize(3)
                .fit(frame);
        model.setThresholds(new double[] {1, 2, 3}).write().save(uri("model"));
        assertThat(folder.resolve("model"))
                .isDirectoryContaining(path -> path.endsWith("metadata"))
                .isDirectoryContaining(path -> path.endsWith("parameters.safetensors"));
        TartanClassificationModel loaded = TartanClassificationModel.load(uri("model"));
        assertThat(loaded.uid()).isEqualTo(model.uid());
        assertThat(loaded.getThresholds()).containsExactly(1, 2, 3);
        assertThat(loaded.getInferBatchSize()).isEqualTo(3);
        assertThat(loaded.hasSummary()).isFalse();
        assertThat(model.hasSummary()).isTrue();
        assertThatThrownBy(loaded::summary).hasMessageContaining("No training summary available");
        assertThatThrownBy(() -> model.write().save(uri("model"))).hasMessageContaining("already exists");
        Dataset<Row> predicted = loaded.transform(frame);
        model.write().overwrite().save(uri("model"));
        assertThat(predicted.collectAsList()).isEqualTo(model.transform(frame).collectAsList());
    }

    @Test
    void anUntrainedPipelineIsLoadedWithItsNetworks() throws IOException {
        new Pipeline()
                .setStages(new PipelineStage[] {
                    new TartanClassifier()
                            .setHiddenLayers(new int[] {8, 8})
                            .setMesh(2, 1)
                            .setLearningRate(0.5),
                    new TartanEstimator().setNetwork(new SmallNet(7)).setFetchDict(Map.of("scores", "logits"))
                })
                .write()
                .overwrite()
                .save(uri("untrained"));
        PipelineStage[] stages = Pipeline.load(uri("untrained")).getStages();
        TartanClassifier classifier = (TartanClassifier) stages[0];
        assertThat(classifier.getHiddenLayers()).containsExactly(8, 8);
        assertThat(classifier.getMeshData()).isEqualTo(2);
        assertThat(classifier.getLearningRate()).isEqualTo(0.5);
        assertThat(classifier.network()).isNull();
        TartanEstimator estimator = (TartanEstimator) stages[1];
        assertThat(estimator.network()).isEqualTo(new SmallNet(7));
        assertThat(estimator.getFetchDict()).isEqualTo(Map.of("scores", "logits"));
    }

    @Test
    void aNetworkThatCannotBeSavedIsNamed() {
        Optional<Integer> width = Optional.of(3);
        NetworkFactory holding = () -> new SmallNet(width.orElseThrow()).create();
        assertThatThrownBy(
                        () -> new TartanEstimator().setNetwork(holding).write().save(uri("refused")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("network cannot be saved, for what makes it is not serializable: factory=")
                .hasMessageContaining(
                        "class=java.util.Optional. Let the factory hold sizes alone, or set" + " networkClass.");
    }
}
