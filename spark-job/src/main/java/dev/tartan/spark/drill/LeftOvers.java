package dev.tartan.spark.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a run leaves behind on this machine: processes, Tartan's files, shared memory. Not what Spark itself leaves when
 * an executor is killed, such as native libraries that it has unpacked.
 */
final class LeftOvers {
    private static final String PREFIX = "tartan-";
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int TRIES = 40;
    private static final long PAUSE_MILLIS = 250;

    private final Set<Path> sharedBefore = new HashSet<>(shared());
    private final Set<ProcessHandle> processesBefore =
            new HashSet<>(ProcessHandle.current().descendants().toList());

    /**
     * Looks for what was not there when this object was made, until there is nothing or 10 seconds have passed: what
     * ends may take a moment, and other runs on the machine have shared memory too, each file for a moment.
     *
     * @param folder for temporary files of the run
     */
    List<String> find(Path folder) throws InterruptedException {
        Set<String> found = new HashSet<>(now(folder));
        for (int i = 1; i < TRIES && !found.isEmpty(); i++) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            found.retainAll(now(folder));
        }
        return found.stream().sorted().toList();
    }

    private List<String> now(Path folder) {
        List<String> found = new ArrayList<>();
        ProcessHandle.current()
                .descendants()
                .filter(process -> !processesBefore.contains(process))
                .forEach(process -> found.add("process " + process.pid()));
        shared().stream().filter(file -> !sharedBefore.contains(file)).forEach(file -> found.add(file.toString()));
        files(folder).forEach(file -> found.add(file.toString()));
        return found;
    }

    private static List<Path> shared() {
        return files(SHARED_MEMORY);
    }

    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith(PREFIX))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
