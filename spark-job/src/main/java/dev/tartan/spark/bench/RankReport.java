package dev.tartan.spark.bench;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a process of the bench tells the one that started it, a line each: {@code tartan-rank <kind> <text>}.
 *
 * @param process that reports
 * @param kind of report
 * @param text of it, without line breaks
 */
record RankReport(int process, Kind kind, String text) {
    private static final String PREFIX = "tartan-rank ";

    /** Kinds of reports. */
    enum Kind {
        /** Where it listens. */
        PORT,
        /** A line of JSON to be printed. */
        LINE,
        /** What it holds, see {@link ProcessFootprint#text}. */
        FOOTPRINT,
        /** The plan is wrong. */
        MISTAKE,
        /** It cannot go on. */
        FAILURE,
        /** It has measured all, and waits to be ended. */
        DONE,
        /** It has closed its output; never printed. */
        GONE
    }

    /** The printed form. */
    static String line(Kind kind, String text) {
        return PREFIX + kind.name().toLowerCase(Locale.ROOT) + " " + text.replaceAll("\\s*\\R\\s*", " ");
    }

    /** Reads the printed form; null if the line is something else. */
    static @Nullable RankReport parse(int process, String line) {
        String[] words = line.split(" ", 3);
        if (!line.startsWith(PREFIX) || words.length < 3) {
            return null;
        }
        for (Kind kind : Kind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).equals(words[1])) {
                return new RankReport(process, kind, words[2]);
            }
        }
        return null;
    }
}
