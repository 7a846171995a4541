package dev.tartan.collective.transport.tcp;

import java.io.IOException;

/** A record is not the one that the other end of the connection made. */
final class InvalidRecordException extends IOException {
    private static final long serialVersionUID = 1L;

    InvalidRecordException(String message) {
        super(message);
    }

    InvalidRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
