package dev.tartan.collective.transport.shm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where and how ranks of one host share memory.
 *
 * @param folders tried in this order; files anywhere else are not shared
 * @param ringBytes bytes under way in each direction between two ranks; a power of two from 4096
 */
public record SharedMemoryOptions(List<Path> folders, int ringBytes) {
    /** Twice this, for both directions, fits a second-level cache. */
    private static final int RING_BYTES = 256 * 1024;

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if the ring's length is no power of two, or too short
     */
    public SharedMemoryOptions {
        folders = List.copyOf(folders);
        if (Integer.bitCount(ringBytes) != 1 || ringBytes < 4096) {
            throw new IllegalArgumentException("shared memory ring has a wrong length: ringBytes=" + ringBytes
                    + ". Give a power of two from 4096.");
        }
    }

    /** Memory if there is a folder of it, else the folder for temporary files. */
    public static SharedMemoryOptions defaults() {
        return new SharedMemoryOptions(
                Stream.of(Path.of("/dev/shm"), Path.of(System.getProperty("java.io.tmpdir")))
                        .filter(Files::isWritable)
                        .toList(),
                RING_BYTES);
    }
}
