package dev.tartan.plan.hardware;

/**
 * A link as the alpha-beta model has it: a message of n bytes takes {@code latencySeconds + n / bytesPerSecond}.
 *
 * @param latencySeconds alpha, of one message
 * @param bytesPerSecond 1 / beta, what one device sends in one direction, as collectives reach it
 */
public record Link(double latencySeconds, double bytesPerSecond) {
    /** Seconds that {@code messages} messages of {@code bytes} together take one after the other. */
    public double seconds(double messages, double bytes) {
        return messages * latencySeconds + bytes / bytesPerSecond;
    }
}
