package dev.tartan.spark.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much the process's resident memory has grown since a moment, at its largest: heap, code and native libraries
 * included. Linux only; see proc(5).
 */
record ResidentMemory(long bytes) {
    private static final Path STATUS = Path.of("/proc/self/status");
    /** Writing 5 here makes the peak begin anew. */
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");

    /** The moment to measure from; garbage is collected first. */
    static ResidentMemory now() {
        System.gc();
        try {
            Files.writeString(CLEAR, "5");
            return new ResidentMemory(read("VmRSS"));
        } catch (IOException e) {
            return new ResidentMemory(-1);
        }
    }

    /** The largest growth since then, 0 if this system does not tell. */
    long growthBytes() {
        try {
            return bytes < 0 ? 0 : read("VmHWM") - bytes;
        } catch (IOException e) {
            return 0;
        }
    }

    private static long read(String key) throws IOException {
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith(key + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("status has no such line: key=" + key);
    }
}
