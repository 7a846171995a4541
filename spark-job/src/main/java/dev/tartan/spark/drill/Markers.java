package dev.tartan.spark.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Files by whose presence the driver tells executors of the same machine what is to go wrong.
 *
 * @param folder of the files
 */
record Markers(Path folder) {
    /** A reader of samples is to throw. */
    static final String THROW = "throw";

    /** A reader of samples is to ask for more memory than there is. */
    static final String OUT_OF_MEMORY = "out-of-memory";

    /** Writes to the {@link DrillStore} are to fail. */
    static final String FULL = "full";

    /** How far readers may go ahead of what the driver has been told. */
    private static final int LEAD = 8;

    private static final long POLL_MILLIS = 20;
    private static final String SEEN = "seen-";

    /** The driver has been told of so many steps: readers wait for it, so that faults come when they should. */
    void seen(long steps) {
        set(SEEN + steps);
        take(SEEN + (steps - 1));
    }

    /** Lets readers go on without waiting. */
    void go() {
        Stream.of(listSeen()).forEach(this::take);
    }

    /** Waits, as a reader of a step's samples, while the driver is far behind. */
    void awaitDriver(long step) {
        try {
            while (Stream.of(listSeen())
                            .mapToLong(name -> Long.parseLong(name.substring(SEEN.length())))
                            .max()
                            .orElse(step)
                    < step - LEAD) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String[] listSeen() {
        String[] names = folder.toFile().list((any, name) -> name.startsWith(SEEN));
        return names == null ? new String[0] : names;
    }

    void set(String name) {
        try {
            Files.createFile(folder.resolve(name));
        } catch (FileAlreadyExistsException e) {
            // Nobody has come by since it was set.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isSet(String name) {
        return Files.exists(folder.resolve(name));
    }

    /** Removes a marker; of those who try at once, one is told that it was there. */
    boolean take(String name) {
        try {
            return Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
