package dev.tartan.train;

import dev.tartan.collective.CommunicationCounters;
import dev.tartan.train.checkpoint.RunProgress;
import dev.tartan.train.checkpoint.ValidationProgress;
import dev.tartan.train.metrics.CommunicationTotal;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.RunSummary;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.metrics.ValidationSummary;
import dev.tartan.train.profile.StepProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What is measured of a run, and told to its listener; written by device threads, read once they have ended. */
final class RunRecord {
    private final TrainingPlan plan;
    private final TrainingListener listener;
    private final List<StepMetrics> steps = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong arenaBytes = new AtomicLong();
    private volatile List<CommunicationTotal> communication = List.of();
    private volatile double exposedDataMillis;
    private volatile double exposedMillis;
    private volatile double totalMillis;
    private final List<ValidationMetrics> validations = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong skippedSteps = new AtomicLong();
    private volatile @Nullable ValidationSummary validation;
    private volatile @Nullable RunProgress resumed;
    private volatile @Nullable StepProfile profile;

    RunRecord(TrainingPlan plan, TrainingListener listener) {
        this.plan = plan;
        this.listener = listener;
    }

    /** The run goes on from a checkpoint; before its first step. */
    void resumed(RunProgress progress) {
        resumed = progress;
        skippedSteps.set(progress.skippedSteps());
    }

    /** A rank has allocated so much. */
    void allocated(long bytes) {
        arenaBytes.accumulateAndGet(bytes, Math::max);
    }

    /** What was measured of a step that took so long. */
    StepMetrics metrics(long step, double loss, double gradNorm, Map<String, Double> reports, double millis) {
        return new StepMetrics(
                step,
                loss,
                gradNorm,
                millis,
                plan.unitsPerStep() / millis * 1000,
                plan.flops().perSecond(millis),
                utilization(millis),
                reports);
    }

    private @Nullable Double utilization(double millis) {
        return plan.flops().peak() == 0 ? null : (Double) plan.flops().utilization(millis);
    }

    /** A step is done; by one rank only. */
    void stepped(StepMetrics done) {
        steps.add(done);
        listener.onStep(done);
    }

    /** What one rank has communicated in all steps. */
    void communicated(List<CommunicationCounters.Total> totals) {
        long numSteps = Math.max(1, steps.size());
        communication = totals.stream()
                .map(total -> new CommunicationTotal(
                        total.op().label(), total.axis(), total.count() / numSteps, total.bytes() / numSteps))
                .toList();
    }

    /** How long one rank's collectives took in all steps: while its device thread did nothing else, and in all. */
    void communicated(long exposedNanos, long totalNanos) {
        long numSteps = Math.max(1, steps.size());
        exposedMillis = exposedNanos / 1e6 / numSteps;
        totalMillis = totalNanos / 1e6 / numSteps;
    }

    /** How long one rank's device thread waited for samples, in all steps. */
    void waitedForData(long nanos) {
        exposedDataMillis = nanos / 1e6 / Math.max(1, steps.size());
    }

    /** What a rank's time went to; by each rank. */
    void ranked(RankMetrics metrics) {
        listener.onRank(metrics);
    }

    /** A step has left everything as it was; by one rank only. */
    void skipped() {
        skippedSteps.incrementAndGet();
    }

    /** Validation samples were evaluated; by one rank only. */
    void validated(ValidationMetrics round) {
        validations.add(round);
        listener.onValidation(round);
    }

    /** The last evaluation is done; by one rank only. */
    void validated(@Nullable ValidationProgress all, boolean stoppedEarly, boolean keptBest) {
        if (all != null) {
            ValidationMetrics best = all.best();
            validation = new ValidationSummary(
                    all.rounds(), all.last(), best == null ? all.last() : best, stoppedEarly, keptBest && best != null);
        }
    }

    /** Steps were traced; by one rank only. */
    void profiled(StepProfile traced) {
        profile = traced;
        listener.onProfile(traced);
    }

    /** Where the time of the traced steps went; null if none were. */
    @Nullable
    StepProfile profile() {
        return profile;
    }

    List<ValidationMetrics> validations() {
        return validations;
    }

    List<StepMetrics> steps() {
        return steps;
    }

    /** The whole run in numbers, after its last step; times are those of this attempt at it. */
    RunSummary summary() {
        RunProgress before = resumed;
        double medianMillis = steps.isEmpty() ? Double.NaN : RunSummary.medianStepMillis(steps);
        double lastLoss = before == null ? Double.NaN : before.loss();
        return new RunSummary(
                plan.mesh().sizesByAxis(),
                plan.numParameters(),
                (before == null ? 0 : before.step()) + steps.size(),
                steps.isEmpty() ? lastLoss : steps.get(steps.size() - 1).loss(),
                medianMillis,
                plan.unitsPerStep() / medianMillis * 1000,
                plan.flops().flops(),
                plan.flops().perSecond(medianMillis),
                utilization(medianMillis),
                plan.step().memory().arenaBytes(),
                arenaBytes.get(),
                plan.hostBytesPerDevice(),
                exposedDataMillis,
                exposedMillis,
                totalMillis,
                communication,
                skippedSteps.get(),
                validation);
    }
}
