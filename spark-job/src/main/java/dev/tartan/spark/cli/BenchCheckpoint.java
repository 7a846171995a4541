package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.MlpLoss;
import dev.tartan.op.Activation;
import dev.tartan.train.Backends;
import dev.tartan.train.CheckpointBench;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.StrategyConfig;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code bench checkpoint}. */
final class BenchCheckpoint {
    private static final int WIDTH = 2048;
    private static final long BYTES_PER_LAYER = 3L * WIDTH * WIDTH * Float.BYTES;
    private static final int ADDED = 2;

    @Option(
            names = "--bytes",
            paramLabel = "BYTES",
            defaultValue = "1073741824",
            description = "About how large a checkpoint is; ${DEFAULT-VALUE} if not given.")
    private long bytes;

    @Option(
            names = "--ranks",
            paramLabel = "N",
            defaultValue = "2",
            description = "Ranks along data, each with a file.")
    private int ranks;

    @Option(names = "--zero", paramLabel = "0..3", defaultValue = "1", description = "Stage of ZeRO.")
    private int zero;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "7", description = "Rounds, after one to warm up.")
    private int rounds;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where to write; a folder in /tmp if not given.")
    private @Nullable Path dir;

    String measure() throws InterruptedException, IOException {
        if (bytes < BYTES_PER_LAYER || ranks < 1 || rounds < 1) {
            throw new IllegalArgumentException(
                    "bench cannot be run so: bytes=" + bytes + ", ranks=" + ranks + ", repeat=" + rounds + ". Give "
                            + BYTES_PER_LAYER + " bytes or more, and 1 or more of the others.");
        }
        int layers = (int) Math.max(1, bytes / BYTES_PER_LAYER - 1);
        MlpConfig network =
                new MlpConfig(WIDTH, Collections.nCopies(layers, WIDTH), ADDED, Activation.RELU, MlpLoss.CROSS_ENTROPY);
        TrainingJob job = TrainingJob.of(network)
                .mesh(ranks, 1)
                .globalBatch(ranks)
                .strategy(StrategyConfig.defaults().withZero(zero));
        Backend backend = Backends.of(job.device().kind(), ranks);
        TrainingPlan plan = job.compile(backend);
        Path folder = dir == null ? Files.createTempDirectory("tartan-bench") : Files.createDirectories(dir);
        try {
            return report(CheckpointBench.run(plan, network, backend, folder, rounds));
        } finally {
            deleteIfEmpty(folder);
        }
    }

    private static void deleteIfEmpty(Path folder) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            if (entries.iterator().hasNext()) {
                return;
            }
        }
        Files.deleteIfExists(folder);
    }

    private String report(CheckpointBench.Result result) throws JsonProcessingException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "checkpoint");
        line.put("bytes", result.bytes());
        line.put("ranks", ranks);
        line.put("zero", zero);
        line.put("rounds", rounds);
        double save = Medians.of(result.saveSeconds());
        double copy = Medians.of(result.copySeconds());
        double restore = Medians.of(result.restoreSeconds());
        double restoreCopy = Medians.of(result.restoreCopySeconds());
        line.put("saveMBps", rounded(result.bytes() / save / 1e6));
        line.put("copyMBps", rounded(result.bytes() / copy / 1e6));
        line.put("saveOverCopy", rounded(copy / save));
        line.put("restoreMBps", rounded(result.bytes() / restore / 1e6));
        line.put("restoreOverCopy", rounded(restoreCopy / restore));
        line.put("stepMillis", rounded(1000 * Medians.of(result.stepSeconds())));
        line.put("stepMeanwhileMillis", rounded(1000 * Medians.of(result.stepMeanwhileSeconds())));
        line.put("asyncStallMillis", rounded(Medians.of(result.stallMillis())));
        line.put("asyncWriteMillis", rounded(Medians.of(result.writeMillis())));
        line.put("stallOverWrite", rounded(Medians.of(result.stallMillis()) / Medians.of(result.writeMillis())));
        return new ObjectMapper().writeValueAsString(line);
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
