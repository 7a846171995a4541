package dev.tartan.checkpoint;

import org.jspecify.annotations.Nullable;

/** A checkpoint file is missing, corrupt, or does not hold what was asked of it; the message names file and tensor. */
public final class InvalidCheckpointException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** Makes an exception of this one-line message. */
    public InvalidCheckpointException(String message) {
        super(message);
    }

    /** Makes an exception of this one-line message, with what led to it. */
    public InvalidCheckpointException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
