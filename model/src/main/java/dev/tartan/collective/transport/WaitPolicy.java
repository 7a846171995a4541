package dev.tartan.collective.transport;

import java.time.Duration;

/**
 * How a rank waits within a call.
 *
 * @param timeout the longest it waits
 * @param spin how long it polls before it sleeps
 */
public record WaitPolicy(Duration timeout, Duration spin) {
    /**
     * Checks the times.
     *
     * @throws IllegalArgumentException if the timeout is not positive, or the spin negative
     */
    public WaitPolicy {
        if (timeout.isNegative() || timeout.isZero() || spin.isNegative()) {
            throw new IllegalArgumentException("times to wait are not valid: timeout=" + timeout + ", spin=" + spin
                    + ". Give a positive timeout.");
        }
    }
}
