package dev.tartan.collective.transport;

import java.io.IOException;

/** A message whose header is not the one expected, since the ranks do different things. */
public final class UnexpectedMessageException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long sequence;

    /**
     * Says what the peer did; begins with a verb.
     *
     * @param sequence of the call the message is of, or a large number if it is of none
     */
    public UnexpectedMessageException(String message, long sequence) {
        super(message);
        this.sequence = sequence;
    }

    /** Number of the call the message is of, or a large number if it is of none. */
    public long sequence() {
        return sequence;
    }
}
