package dev.tartan.spark.drill;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A fault to come. Plain data.
 *
 * @param step after which it is done, counted from 1, or once the run has recovered from the one before, if that is
 *     later
 */
public record Fault(FaultKind kind, long step) {
    private static final int FEWEST_STEPS_BETWEEN = 3;
    private static final int MORE_STEPS_BETWEEN = 4;

    public Fault {
        if (step < 1) {
            throw new IllegalArgumentException(
                    "fault has no step: fault=" + kind + ", step=" + step + ". Count steps from 1.");
        }
    }

    /** Draws faults of all kinds, the same ones for the same seed, with 3 to 6 steps between one and the next. */
    public static List<Fault> random(int count, long seed) {
        Random random = new Random(seed);
        List<Fault> faults = new ArrayList<>();
        long step = FEWEST_STEPS_BETWEEN;
        for (int i = 0; i < count; i++) {
            faults.add(new Fault(FaultKind.values()[random.nextInt(FaultKind.values().length)], step));
            step += FEWEST_STEPS_BETWEEN + random.nextInt(MORE_STEPS_BETWEEN);
        }
        return faults;
    }
}
