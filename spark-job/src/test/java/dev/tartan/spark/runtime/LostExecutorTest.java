package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
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

/** An executor that is killed while it trains. */
@Tag("slow")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostExecutorTest {
    private static final int NUM_EXECUTORS = 2;
    private static final int NUM_STEPS = 120;

    @TempDir
    Path folder;

    @Test
    void theOthersNoticeAndSparkBeginsAnew() throws Exception {
        Path text = Files.writeString(
                folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(200));
        TrainingJob job = TrainingJob.of(
                RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=64, hidden=64, layers=2, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=16, seed=1 }
                        output { dir="%s" }
                        """.formatted(text, NUM_STEPS, Files.createDirectories(folder.resolve("out")))));
        TrainingPlan plan = job.compile(Nd4jBackend.forDevices(1));
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[2,1,1024]")
                .setAppName("lost executor test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        List<StepMetrics> shown = Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean killed = new AtomicBoolean();
        try (JavaSparkContext spark = new JavaSparkContext(SparkSettings.addTo(conf, NUM_EXECUTORS))) {
            TrainingResult result = SparkTrainer.train(spark, plan, job.network(), NUM_EXECUTORS, step -> {
                shown.add(step);
                if (step.step() == 5 && killed.compareAndSet(false, true)) {
                    executors().get(0).destroyForcibly();
                }
            });
            assertThat(result.steps()).hasSize(NUM_STEPS);
            List<Long> steps = shown.stream().map(StepMetrics::step).toList();
            assertThat(steps.subList(1, steps.size())).as("begins anew").contains(0L);
            assertThat(steps).endsWith(NUM_STEPS - 1L);
        }
    }

    private static List<ProcessHandle> executors() {
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
