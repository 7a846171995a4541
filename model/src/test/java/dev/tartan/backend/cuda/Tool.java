package dev.tartan.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Compilers that a machine may have. */
final class Tool {
    private static final AtomicInteger SKIPPED = new AtomicInteger();

    private Tool() {}

    /** The program on the search path, or null. */
    static @Nullable String find(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) {
                return file.toString();
            }
        }
        return null;
    }

    /**
     * Skips the test if there is no such program, and prints what that leaves untested and how often it came to that.
     */
    static void requireOrSkip(@Nullable String path, String name, String consequence) {
        if (path == null) {
            System.err.println("SKIPPED (" + SKIPPED.incrementAndGet() + " so far): " + name
                    + " is not on this machine, so " + consequence + ".");
        }
        assumeTrue(path != null, name + " is not on this machine, so " + consequence);
    }

    /** Runs to the end; the error has what was printed. */
    static void run(Path folder, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException("command failed: " + command + "\n" + output);
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
