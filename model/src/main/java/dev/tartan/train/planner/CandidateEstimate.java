package dev.tartan.train.planner;

import dev.tartan.plan.cost.StepTime;
import dev.tartan.plan.cost.StepWork;

/**
 * What a candidate would take, per device.
 *
 * @param peakBytes estimated, of one device's memory
 * @param wireBytes sent by one device in a step, over both axes
 * @param work what {@code time} is predicted from
 */
public record CandidateEstimate(Candidate candidate, long peakBytes, double wireBytes, StepWork work, StepTime time) {
    /** Whether the estimate is within a limit. */
    public boolean fits(long limitBytes) {
        return peakBytes <= limitBytes;
    }
}
