package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.path.UriPath;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store that takes a write and does not answer any more, for a while or to the end. */
@Tag("slow")
@Timeout(60)
class HangingStoreTest {
    private static final int STEPS = 4;
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final String LATE = "the one before is still being written: waitedSeconds=1 (ranks 0, 1)";

    @TempDir
    Path folder;

    private final Map<Long, String> told = new ConcurrentHashMap<>();
    private StoreProperties properties = new StoreProperties();

    @BeforeEach
    void makeTheStoreKnown() {
        properties = new StoreProperties().with(FaultyStore.properties());
    }

    @AfterEach
    void forgetTheStore() {
        FaultyStore.rule((doing, path) -> {});
        properties.close();
    }

    /** Writes of the first checkpoint wait until the latch is open. */
    private static void hang(CountDownLatch until) {
        FaultyStore.rule((doing, path) -> {
            if (doing == FaultyStore.Doing.WRITE && path.contains("step-0000000001")) {
                try {
                    until.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException("write was given up");
                }
            }
        });
    }

    private TrainingResult train(TrainingListener listener) throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "Nobody expects silence.\n".repeat(50));
        TrainingJob job = TrainingJob.of(RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=gpt, vocab=256, context=8, hidden=16, layers=1, heads=2 }
                        data { kind=text, path="%s" }
                        optimizer { kind=adamw, learningRate=1e-3 }
                        train { steps=%d, globalBatch=2, seed=1 }
                        collective { timeoutSeconds=2 }
                        """.formatted(text, STEPS)))
                .output(Files.createDirectories(folder.resolve("out")))
                .checkpoint(CheckpointConfig.everySteps(1).in(UriPath.of("faulty:" + folder.resolve("checkpoints"))));
        return MeshTrainer.run(job.compile(BACKEND), job.network(), BACKEND, listener);
    }

    @Test
    void trainingGoesOnWithoutTheCheckpointsThatItKeepsBack() throws Exception {
        CountDownLatch answers = new CountDownLatch(1);
        hang(answers);
        train(new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {
                if (step.step() == 2) {
                    answers.countDown();
                }
            }

            @Override
            public void onCheckpoint(CheckpointMetrics checkpoint) {
                told.put(
                        checkpoint.step(),
                        String.valueOf(checkpoint.checkpoint().failure()));
            }
        });
        assertThat(told).isEqualTo(Map.of(0L, "null", 1L, LATE, 2L, "null", 3L, "null"));
    }

    @Test
    void aRunEndsThoughItNeverAnswers() throws Exception {
        hang(new CountDownLatch(1));
        TrainingResult result = train(new TrainingListener() {
            @Override
            public void onStep(StepMetrics step) {}

            @Override
            public void onCheckpoint(CheckpointMetrics checkpoint) {
                told.put(
                        checkpoint.step(),
                        String.valueOf(checkpoint.checkpoint().failure()));
            }
        });
        assertThat(result.steps()).hasSize(STEPS);
        assertThat(folder.resolve("out").resolve(MeshTrainer.FINAL_FILE)).isNotEmptyFile();
        assertThat(told)
                .isEqualTo(Map.of(
                        0L, "it is still being written: waitedSeconds=1 (ranks 0, 1)", 1L, LATE, 2L, LATE, 3L, LATE));
    }
}
