package dev.tartan.spark.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The number that a Linux kernel draws when it starts. Processes with the same one are on the same machine, in whatever
 * containers and under whatever host names.
 */
final class BootId {
    private static final Logger LOG = LoggerFactory.getLogger(BootId.class);
    private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

    private BootId() {}

    /** Reads this machine's; where there is none, warns and takes {@code host} for it. */
    static String read(String host) {
        return read(FILE, host);
    }

    static String read(Path file, String host) {
        try {
            return Files.readString(file).trim();
        } catch (IOException e) {
            LOG.warn("boot id cannot be read, so machines are told apart by host: path={}, host={}", file, host);
            return host;
        }
    }
}
