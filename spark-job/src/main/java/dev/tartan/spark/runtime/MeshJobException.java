package dev.tartan.spark.runtime;

/** A mesh job failed as often as Spark may try it; the message says how the last attempt failed. */
public final class MeshJobException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MeshJobException(String message, Throwable cause) {
        super(message, cause);
    }
}
