package dev.tartan.spark.runtime;

import java.util.List;
import java.util.stream.Collectors;

/** Spark is not set up for a mesh job; the message lists everything found, one a line, each with its key. */
public final class PreflightException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    PreflightException(List<String> problems) {
        super("Spark is not set up for this run, "
                + (problems.size() == 1 ? "a problem:" : problems.size() + " problems:")
                + problems.stream().map(problem -> "\n  " + problem).collect(Collectors.joining()));
    }
}
