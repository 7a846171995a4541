package dev.tartan.train.config;

/**
 * The learning rate over the steps: a linear rise over {@code warmupSteps}, then what {@code kind} says.
 *
 * @param kind the shape after the warm-up
 * @param warmupSteps steps until the full rate, 0 for none
 */
public record ScheduleConfig(Kind kind, int warmupSteps) {
    /** The shape after the warm-up. */
    public enum Kind {
        /** The full rate to the end. */
        CONSTANT,
        /** Half a cosine from the full rate to 0. */
        COSINE,
        /** A line from the full rate to 0. */
        LINEAR
    }
}
