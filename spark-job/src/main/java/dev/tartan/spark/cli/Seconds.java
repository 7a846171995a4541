package dev.tartan.spark.cli;

import java.util.Locale;

/** Durations for people to read. */
final class Seconds {
    private Seconds() {}

    /** For example {@code 12.3 ms} or {@code 4.56 s}. */
    static String text(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1000)
                : String.format(Locale.ROOT, "%.2f s", seconds);
    }
}
