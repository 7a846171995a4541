package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that are killed while a run trains that has no checkpoints. */
@Tag("slow")
@Timeout(value = 420, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostReplicaTest {
    private static final int NUM_STEPS = 150;

    @TempDir
    Path folder;

    private static JavaSparkContext session(int executors) {
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[" + executors + ",1,1024]")
                .setAppName("lost replica test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        return new JavaSparkContext(SparkSettings.addTo(conf, executors));
    }

    private TrainingJob job(String name, int model, int zero) throws IOException {
        Path text = Files.writeString(
                folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(200));
        return TrainingJob.of(RunConfigLoader.parse(
                """
                        mesh { data=2, model=%d }
                        network { kind=gpt, vocab=256, context=32, hidden=32, layers=2, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=16, seed=1 }
                        strategy { zero=%d }
                        output { dir="%s" }
                        """.formatted(model, text, NUM_STEPS, zero, Files.createDirectories(folder.resolve(name)))));
    }

    /** Kills an executor, now one and now the other, when each of some steps is first seen. */
    private static final class Killer implements TrainingListener {
        private final Random random = new Random(7);
        private final Deque<Long> at;
        private int killed;
        private final List<Long> restarts = Collections.synchronizedList(new ArrayList<>());
        private final List<String> reasons = Collections.synchronizedList(new ArrayList<>());

        Killer(Long... at) {
            this.at = new ArrayDeque<>(List.of(at));
        }

        @Override
        public void onStep(StepMetrics step) {
            Long next = at.peek();
            // One of each attempt: with both gone nobody holds anything.
            if (next != null && step.step() >= next && restarts.size() == killed) {
                at.remove();
                killed++;
                List<ProcessHandle> executors = LostExecutorTest.executors();
                executors.get(random.nextInt(executors.size())).destroyForcibly();
            }
        }

        @Override
        public void onRestart(long step, String reason) {
            restarts.add(step);
            reasons.add(reason);
        }
    }

    private static TrainingResult train(JavaSparkContext spark, TrainingJob job, TrainingListener viewer) {
        TrainingPlan plan = job.compile(Nd4jBackend.forDevices(1));
        return SparkTrainer.train(spark, plan, job.network(), plan.mesh().numRanks(), viewer);
    }

    @Test
    void theRunGoesOnFromTheMemoryOfTheOtherEachTimeOneIsKilled() throws Exception {
        Killer nobody = new Killer();
        Killer killer = new Killer(20L, 55L, 56L, 110L);
        try (JavaSparkContext spark = session(2)) {
            TrainingResult whole = train(spark, job("whole", 1, 0), nobody);
            TrainingResult result = train(spark, job("out", 1, 0), killer);
            assertThat(nobody.restarts).isEmpty();
            assertThat(killer.reasons)
                    .hasSize(4)
                    .allSatisfy(reason -> assertThat(reason).contains("; from the memory of executor "));
            assertThat(killer.restarts)
                    .isSorted()
                    .allSatisfy(step -> assertThat(step).isBetween(20L, NUM_STEPS - 1L));
            assertThat(losses(result)).isEqualTo(losses(whole));
            assertThat(result.steps().stream().map(StepMetrics::step))
                    .containsExactlyElementsOf(
                            LongStream.range(0, NUM_STEPS).boxed().toList());
            assertThat(folder.resolve("out/final.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("whole/final.safetensors"));
            assertThat(Files.readAllLines(folder.resolve("out/metrics.jsonl")))
                    .hasSize(NUM_STEPS)
                    .first()
                    .satisfies(line -> assertThat(line).startsWith("{\"step\":0,"));
        }
    }

    /** Each of four executors has a part of the weights, which only one other has too. */
    @Test
    void executorsWithDifferentPartsStayWhereTheyWere() throws Exception {
        Killer killer = new Killer(10L, 30L);
        try (JavaSparkContext spark = session(4)) {
            TrainingResult whole = train(spark, job("whole", 2, 0), new Killer());
            TrainingResult result = train(spark, job("out", 2, 0), killer);
            assertThat(killer.reasons)
                    .hasSize(2)
                    .allSatisfy(reason -> assertThat(reason).contains("; from the memory of executor "));
            assertThat(killer.restarts).allSatisfy(step -> assertThat(step).isGreaterThanOrEqualTo(10L));
            assertThat(losses(result)).isEqualTo(losses(whole));
            assertThat(folder.resolve("out/final.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("whole/final.safetensors"));
        }
    }

    @Test
    @Tag("large")
    void whereNoOtherHoldsAllOfItTheRunBeginsAnew() throws Exception {
        Killer killer = new Killer(20L);
        try (JavaSparkContext spark = session(2)) {
            TrainingResult result = train(spark, job("out", 1, 1), killer);
            assertThat(result.steps()).hasSize(NUM_STEPS);
            assertThat(killer.restarts).containsExactly(0L);
            assertThat(killer.reasons.get(0)).doesNotContain("memory of");
        }
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }
}
