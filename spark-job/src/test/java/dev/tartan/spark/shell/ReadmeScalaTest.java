package dev.tartan.spark.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The README's Scala, as it stands there, in Spark's shell without a property of Tartan's. */
@Tag("slow")
@Timeout(900)
class ReadmeScalaTest {
    private static final String ONE_PARAGRAPH = """
            val own = spark.range(90).selectExpr("array(sin(id), cos(id), id % 3, 1) features", "id % 3 label")
            val context = spark.sparkContext
            val scale = context.defaultParallelism
            class Doubled extends Network {
              val out = child("out", new Linear(4, 3, lecunNormal()))
              def batchFields = java.util.List.of(BatchField.floats("x", 4), BatchField.ints("y").below(3))
              def loss(batch: java.util.Map[String, Tensor], pass: ForwardPass) =
                pass.mean(out.call(batch.get("x").mul(2)).crossEntropy(batch.get("y")))
            }
            val factory: NetworkFactory = () => new Doubled
            val trained = Tartan.train(spark, TrainingJob.of(factory).mesh(2, 1).steps(5),
              Samples.of(own).field("x", "features").field("y", "label"))
            println("one paragraph " + trained.steps.size)
            """;

    /** What the user does with the session besides. */
    private static final String OTHERS = """
            case class Point(x: Double, y: Int)

            println("points " + sc.parallelize((1 to 9).map(i => Point(i, i % 2)), 3).map(p => p.x * p.y).sum())

            import org.apache.spark.ml.classification.LogisticRegression

            import org.apache.spark.ml.functions.array_to_vector

            val vectors = frame.select(array_to_vector($"features").as("features"), ($"label" % 2).cast("double").as("label"))
            println("regression " + new LogisticRegression().setMaxIter(5).fit(vectors).summary.totalIterations)

            sc.setJobGroup("mine", "my own job", true)
            val job0 = sc.parallelize(1 to 2, 2).map { i => Thread.sleep(60000); i }.countAsync()
            while (sc.statusTracker.getActiveJobIds.isEmpty) Thread.sleep(20)
            sc.cancelJobGroup("mine")
            println("cancelled " + scala.util.Try(scala.concurrent.Await.result(job0, scala.concurrent.duration.Duration(30, "s"))).isFailure)
            println("group " + sc.getLocalProperty("spark.jobGroup.id"))
            sc.clearJobGroup()
            """;

    @TempDir
    Path folder;

    private static String train(int data, int model, int executors) {
        return """
                println("mesh %1$dx%2$d on %3$d:" + Tartan.train(spark, job.mesh(%1$d, %2$d).epochs(2),
                  Samples.of(frame).field("x", "features").field("y", "label"), %3$d).steps.toArray.map {
                    case s: dev.tartan.train.metrics.StepMetrics => s.loss }.mkString(","))

                """.formatted(data, model, executors);
    }

    private static Map<String, List<Double>> losses(String out) {
        Map<String, List<Double>> losses = new LinkedHashMap<>();
        Pattern.compile("(mesh \\dx\\d on \\d):([-0-9.,E]+)")
                .matcher(out)
                .results()
                .forEach((MatchResult found) -> losses.put(
                        found.group(1),
                        Stream.of(found.group(2).split(","))
                                .map(Double::valueOf)
                                .toList()));
        return losses;
    }

    private static String readme() throws IOException {
        return String.join("\n\n", Readme.blocks("scala"));
    }

    @Test
    void theReadmeTrainsWithTheSameLossesOnAllMeshesAndExecutors() throws Exception {
        // The README's own run first, so that what others do comes before and after one of Tartan's.
        String own = readme().replaceAll("(?m)^val frame", "\nval frame");
        int cut = own.indexOf("val job =");
        ShellRun local = ShellRun.of(
                folder,
                "local[4]",
                "1g",
                own.substring(0, cut) + "\n\n" + OTHERS + "\n\n" + own.substring(cut) + "\n\n" + train(1, 1, 1)
                        + train(2, 1, 1) + train(1, 2, 1) + train(2, 2, 1) + OTHERS + "\n\n" + ONE_PARAGRAPH);
        checkSession(local);
        ShellRun cluster = ShellRun.of(
                folder,
                "local-cluster[2,1,2048]",
                "1g",
                readme() + "\n\n" + train(1, 1, 1) + train(2, 1, 1) + train(1, 2, 1) + train(2, 2, 1) + train(2, 1, 2)
                        + train(2, 2, 2) + OTHERS + "\n\n" + ONE_PARAGRAPH);
        checkSession(cluster);

        Map<String, List<Double>> ofLocal = losses(local.out());
        Map<String, List<Double>> ofCluster = losses(cluster.out());
        assertThat(ofLocal).hasSize(4);
        assertThat(ofCluster).hasSize(6);
        List<Double> expected = ofLocal.get("mesh 1x1 on 1");
        assertThat(expected).hasSize(20).doesNotHaveDuplicates();
        Stream.of(ofLocal, ofCluster)
                .flatMap(losses -> losses.entrySet().stream())
                .forEach(run -> {
                    for (int step = 0; step < expected.size(); step++) {
                        assertThat(run.getValue().get(step))
                                .as("%s, step %s", run.getKey(), step)
                                .isCloseTo(expected.get(step), within(5e-6 * expected.get(step)));
                    }
                });
        for (String mesh : List.of("mesh 2x1", "mesh 2x2")) {
            assertThat(ofCluster.get(mesh + " on 2"))
                    .as(mesh)
                    .isEqualTo(ofCluster.get(mesh + " on 1"))
                    .isEqualTo(ofLocal.get(mesh + " on 1"));
        }
    }

    private static void checkSession(ShellRun run) {
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        assertThat(run.out())
                .contains("last loss 0.", "points 25.0", "regression ", "cancelled true", "group mine")
                .contains("one paragraph 5");
    }
}
