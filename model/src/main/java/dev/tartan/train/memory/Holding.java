package dev.tartan.train.memory;

import java.util.List;

/**
 * What one process tells the others that it holds. Plain data.
 *
 * @param place where it runs, for people
 * @param stepsFrom it can tell what was measured in steps from this one on
 * @param stepsEnd one past the last of these
 * @param states one for each rank whose memory it kept
 */
public record Holding(String place, long stepsFrom, long stepsEnd, List<HeldState> states) {
    public Holding {
        states = List.copyOf(states);
    }

    /** That of a process that holds nothing. */
    public static Holding nothing(String place) {
        return new Holding(place, 0, 0, List.of());
    }

    /** Whether all steps before one are recorded, or measured by this process. */
    boolean tells(long step, long recordedSteps) {
        return step <= recordedSteps || (stepsFrom <= recordedSteps && stepsEnd >= step);
    }
}
