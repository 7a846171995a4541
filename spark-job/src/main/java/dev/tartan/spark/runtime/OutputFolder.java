package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.train.Dl4jResult;
import dev.tartan.train.config.CheckpointConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The folder of a run's results. What an earlier run left there is moved aside, never overwritten. */
final class OutputFolder {
    /** What a run writes. */
    static final String CONFIG = "config.conf";

    private static final List<String> RESULTS = List.of(
            CONFIG,
            "metrics.jsonl",
            "summary.json",
            "loss.png",
            "final.safetensors",
            Dl4jResult.MODEL_FILE,
            CheckpointConfig.FOLDER);
    private static final String EARLIER = "earlier";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private OutputFolder() {}

    /**
     * Makes the folder where missing and clears the way for a run.
     *
     * @param now names the folder that earlier results go to
     * @return where earlier results went, null if there were none
     * @throws OutputException if that fails
     */
    static @Nullable Path prepare(Path folder, LocalDateTime now) {
        try {
            Files.createDirectories(folder);
            List<Path> results = new ArrayList<>();
            for (String name : RESULTS) {
                if (Files.exists(folder.resolve(name))) {
                    results.add(folder.resolve(name));
                }
            }
            if (results.isEmpty()) {
                return null;
            }
            Path aside = freshFolder(folder.resolve(EARLIER), TIME.format(now));
            for (Path result : results) {
                Files.move(result, aside.resolve(result.getFileName()));
            }
            return aside;
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }

    /** Writes the run's config, every key stated. */
    static void writeConfig(Path folder, String hocon) {
        Path path = folder.resolve(CONFIG);
        try {
            Files.writeString(path, hocon);
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    private static Path freshFolder(Path parent, String name) throws IOException {
        Path folder = parent.resolve(name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = parent.resolve(name + "-" + i);
        }
        return Files.createDirectories(folder);
    }
}
