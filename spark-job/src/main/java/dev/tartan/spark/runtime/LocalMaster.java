package dev.tartan.spark.runtime;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Spark's {@code local}, {@code local[N]}, {@code local[*]} and {@code local[N,maxFailures]} masters. */
final class LocalMaster {
    private static final Pattern LOCAL = Pattern.compile("local(?:\\[\\s*(\\*|\\d+)\\s*(?:,\\s*\\d+\\s*)?])?");

    private LocalMaster() {}

    /** Threads for tasks; empty if {@code master} is not local. */
    static OptionalInt numThreads(String master) {
        Matcher matcher = LOCAL.matcher(master);
        if (!matcher.matches()) {
            return OptionalInt.empty();
        }
        String threads = matcher.group(1);
        if (threads == null) {
            return OptionalInt.of(1);
        }
        return OptionalInt.of(
                threads.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(threads));
    }
}
