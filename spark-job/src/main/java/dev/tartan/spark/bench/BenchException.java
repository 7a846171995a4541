package dev.tartan.spark.bench;

import org.jspecify.annotations.Nullable;

/** A measurement that failed, or whose numbers would mean nothing; the message says it all. */
public final class BenchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BenchException(String message) {
        this(message, null);
    }

    BenchException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
