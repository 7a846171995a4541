package dev.tartan.spark.runtime;

/** A mesh job failed as often as Spark may try it, or never came to run; the message says how. */
public final class MeshJobException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MeshJobException(String message) {
        super(message);
    }

    MeshJobException(String message, Throwable cause) {
        super(message, cause);
    }
}
