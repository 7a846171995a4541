package dev.tartan.collective.transport;

import java.io.IOException;

/** A peer that lives could not be connected in time. The message says what was seen, and has no full stop. */
public final class NotConnectedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** With what was seen. */
    public NotConnectedException(String message) {
        super(message);
    }
}
