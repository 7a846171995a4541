package dev.tartan.spark.runtime;

import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The one exception for all ways to stop a mesh job. */
final class Cancellations {
    /** How Spark fails a job that somebody cancelled; it has no exception of its own for that. */
    private static final Pattern BY_SPARK = Pattern.compile("Job \\d+ cancelled (?<why>.*)", Pattern.DOTALL);

    private Cancellations() {}

    static CancellationException of(String reason, @Nullable Throwable cause) {
        CancellationException cancelled = new CancellationException("mesh job was stopped: reason=" + reason);
        cancelled.initCause(cause);
        return cancelled;
    }

    /**
     * Who cancelled a job through Spark, in its words: {@code job group 'g' was cancelled}; null if {@code failure} is
     * of another kind.
     */
    static @Nullable String bySpark(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            Matcher matcher = BY_SPARK.matcher(message == null ? "" : message);
            if (matcher.lookingAt()) {
                return plain(matcher.group("why").strip());
            }
        }
        return null;
    }

    private static String plain(String why) {
        String group = "part of cancelled job group ";
        if (why.startsWith(group)) {
            return "job group '" + why.substring(group.length()) + "' was cancelled";
        }
        if (why.startsWith("as part of cancellation of all jobs")) {
            return "all jobs of the session were cancelled";
        }
        return "Spark cancelled the job " + why;
    }
}
