package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An executor that is killed while it trains, of a run that does not go on from the other's memory. */
@Tag("slow")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostExecutorTest {
    private static final int NUM_EXECUTORS = 2;
    private static final int NUM_STEPS = 120;

    @TempDir
    Path folder;

    private JavaSparkContext session() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[2,1,1024]")
                .setAppName("lost executor test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        return new JavaSparkContext(SparkSettings.addTo(conf, NUM_EXECUTORS));
    }

    private TrainingJob job() throws IOException {
        Path text = Files.writeString(
                folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(200));
        return TrainingJob.of(
                RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=32, hidden=32, layers=2, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=16, seed=1 }
                        elastic { fromMemory=false }
                        output { dir="%s" }
                        """.formatted(text, NUM_STEPS, Files.createDirectories(folder.resolve("out")))));
    }

    /** Trains, and kills an executor at a step, once. */
    private static TrainingResult trainAndKill(
            JavaSparkContext spark, TrainingJob job, long atStep, TrainingListener viewer) {
        AtomicBoolean killed = new AtomicBoolean();
        TrainingPlan plan = job.compile(Nd4jBackend.forDevices(1));
        return SparkTrainer.train(spark, plan, job.network(), NUM_EXECUTORS, new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {
                viewer.onStep(step);
                if (step.step() == atStep && killed.compareAndSet(false, true)) {
                    executors().get(0).destroyForcibly();
                }
            }

            @Override
            public void onRestart(long step, String reason) {
                viewer.onRestart(step, reason);
            }
        });
    }

    @Test
    void withoutCheckpointsTheOthersNoticeAndTheRunBeginsAnew() throws Exception {
        List<Long> steps = Collections.synchronizedList(new ArrayList<>());
        try (JavaSparkContext spark = session()) {
            TrainingResult result = trainAndKill(spark, job(), 5, step -> steps.add(step.step()));
            assertThat(result.steps()).hasSize(NUM_STEPS);
            assertThat(steps.subList(1, steps.size())).as("begins anew").contains(0L);
            assertThat(steps).endsWith(NUM_STEPS - 1L);
        }
    }

    @Test
    void withCheckpointsTheRunGoesOnAndEndsAsIfNothingHadHappened() throws Exception {
        List<Long> restarts = Collections.synchronizedList(new ArrayList<>());
        TrainingListener viewer = new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {}

            @Override
            public void onRestart(long step, String reason) {
                restarts.add(step);
            }
        };
        try (JavaSparkContext spark = session()) {
            TrainingResult whole = trainAndKill(spark, job().output(folder.resolve("whole")), -1, viewer);
            assertThat(restarts).isEmpty();
            TrainingJob saved = job().checkpoint(CheckpointConfig.everySteps(20));
            TrainingResult result = trainAndKill(spark, saved, 45, viewer);
            assertThat(restarts).hasSize(1);
            assertThat(restarts.get(0))
                    .isBetween(20L, NUM_STEPS - 1L)
                    .satisfies(step -> assertThat(step % 20).isZero());
            assertThat(losses(result)).isEqualTo(losses(whole));
            assertThat(folder.resolve("out/final.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("whole/final.safetensors"));
            assertThat(Files.readAllLines(folder.resolve("out/metrics.jsonl")).stream()
                            .filter(line -> line.contains("\"loss\"")))
                    .hasSize(NUM_STEPS);
            assertThat(folder.resolve("out/checkpoints").toFile().list()).hasSize(CheckpointConfig.KEEP);
        }
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    /** The executors of this JVM's sessions. */
    static List<ProcessHandle> executors() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> commandLine(process).contains("CoarseGrainedExecutorBackend"))
                .toList();
    }

    /** Java itself does not tell command lines as long as class paths make them. */
    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException e) {
            return "";
        }
    }
}
