package dev.tartan.train.memory;

import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What was measured in the last steps, which a process keeps because the one that reports may be lost with its last
 * reports on the way. Safe for use by many threads.
 */
public final class RecentSteps {
    /** Reports are late by a few steps. */
    private static final int MOST = 4096;

    private final Deque<StepMetrics> steps = new ArrayDeque<>();
    private final Deque<ValidationMetrics> validations = new ArrayDeque<>();
    private long from;
    private long end;

    /** Of a run that goes on with this step. */
    public RecentSteps(long firstStep) {
        this.from = firstStep;
        this.end = firstStep;
    }

    /** The same up to a step that a run goes on with; nothing if this does not reach so far. */
    public synchronized RecentSteps before(long step) {
        RecentSteps copy = new RecentSteps(step);
        if (end >= step && from <= step) {
            copy.from = from;
            copy.steps.addAll(steps(from, step));
            copy.validations.addAll(validations(0, step));
        }
        return copy;
    }

    /** A step is done, the next one. */
    public synchronized void add(StepMetrics step) {
        steps.add(step);
        end = step.step() + 1;
        if (steps.size() > MOST) {
            from = steps.remove().step() + 1;
        }
    }

    /** An evaluation is done. */
    public synchronized void add(ValidationMetrics validation) {
        validations.add(validation);
        if (validations.size() > MOST) {
            validations.remove();
        }
    }

    /** All steps from this one on are here. */
    public synchronized long from() {
        return from;
    }

    /** One past the last step that is here. */
    public synchronized long end() {
        return end;
    }

    /** The steps in {@code [first, last)}. */
    public synchronized List<StepMetrics> steps(long first, long last) {
        return steps.stream()
                .filter(step -> step.step() >= first && step.step() < last)
                .toList();
    }

    /** The evaluations after steps in {@code [first, last)}. */
    public synchronized List<ValidationMetrics> validations(long first, long last) {
        return validations.stream()
                .filter(each -> each.step() >= first && each.step() < last)
                .toList();
    }
}
