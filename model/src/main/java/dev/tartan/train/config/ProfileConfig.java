package dev.tartan.train.config;

/**
 * Of which steps a trace is written. Plain data.
 *
 * @param steps how many, 0 for none; each takes a little longer than others
 * @param after how many are made before, from where a run begins or goes on
 */
public record ProfileConfig(int steps, int after) {
    /** How many steps are made before unless told otherwise: the first ones are slow. */
    public static final int AFTER = 5;

    private static final ProfileConfig OFF = new ProfileConfig(0, AFTER);

    public ProfileConfig {
        if (steps < 0 || after < 0) {
            throw new IllegalArgumentException(
                    "steps cannot be traced as said: steps=" + steps + ", after=" + after + ". Give 0 or more.");
        }
    }

    /** No trace. */
    public static ProfileConfig off() {
        return OFF;
    }

    /** A trace of so many steps. */
    public static ProfileConfig ofSteps(int count) {
        return new ProfileConfig(count, AFTER);
    }

    /** Whether there is one. */
    public boolean isOn() {
        return steps > 0;
    }
}
