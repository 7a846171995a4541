package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole program that is killed while it writes checkpoints, at any instant. */
class KilledTrainingTest {
    private static final int MOST_MILLIS = 400;

    @TempDir
    Path folder;

    @Test
    @Tag("slow")
    @Timeout(300)
    void theNewestCheckpointIsWholeAfterTenKills() throws Exception {
        killAndGoOn(10);
    }

    @Test
    @Tag("large")
    @Timeout(1800)
    void theNewestCheckpointIsWholeAfterAHundredKills() throws Exception {
        killAndGoOn(100);
    }

    private void killAndGoOn(int times) throws Exception {
        Random random = new Random(times);
        long step = 0;
        for (int i = 0; i < times; i++) {
            Process child = start();
            try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
                assertThat(lines.readLine()).isEqualTo("first checkpoint");
                TimeUnit.MICROSECONDS.sleep(random.nextInt(MOST_MILLIS * 1000));
            } finally {
                child.destroyForcibly().waitFor();
            }
            ShardedCheckpoint newest = ShardedCheckpoint.open(Objects.requireNonNull(KilledTraining.newest(folder)));
            newest.verify();
            assertThat(newest.manifest().step()).as("step after kill %d", i).isGreaterThan(step);
            step = newest.manifest().step();
        }
        assertThat(list(folder.resolve("checkpoints"))).hasSizeLessThan(12);
        assertThat(list(folder))
                .extracting(file -> file.getFileName().toString())
                .containsExactlyInAnyOrder("text.txt", "checkpoints");
        assertThat(parameters("resumed", step + 2, KilledTraining.newest(folder)))
                .isEqualTo(parameters("undisturbed", step + 2, null));
    }

    private byte[] parameters(String name, long steps, @Nullable Path from) throws Exception {
        Path output = Files.createDirectories(folder.resolve(name));
        TrainingJob job = KilledTraining.job(folder, steps).output(output).resume(from);
        MeshTrainer.run(job.compile(KilledTraining.BACKEND), job.network(), KilledTraining.BACKEND, step -> {});
        return Files.readAllBytes(output.resolve(MeshTrainer.FINAL_FILE));
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-Dorg.bytedeco.javacpp.maxbytes=0",
                        "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledTraining.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
