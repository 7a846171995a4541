package dev.tartan.train;

import dev.tartan.train.metrics.MetricsWriter;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import java.util.ArrayList;
import java.util.List;

/** Keeps what a run in this process measures, for its checkpoints. Safe for use by many threads. */
final class StepHistory implements TrainingListener {
    private final TrainingListener next;
    private final List<Object> entries = new ArrayList<>();

    StepHistory(TrainingListener next) {
        this.next = next;
    }

    @Override
    public void onStep(StepMetrics metrics) {
        synchronized (this) {
            entries.add(metrics);
        }
        next.onStep(metrics);
    }

    @Override
    public void onValidation(ValidationMetrics metrics) {
        synchronized (this) {
            entries.add(metrics);
        }
        next.onValidation(metrics);
    }

    @Override
    public void onRank(RankMetrics metrics) {
        next.onRank(metrics);
    }

    @Override
    public void onProfile(StepProfile profile) {
        next.onProfile(profile);
    }

    synchronized byte[] linesBefore(long step) {
        return MetricsWriter.lines(entries.stream()
                .filter(entry -> entry instanceof StepMetrics done
                        ? done.step() < step
                        : ((ValidationMetrics) entry).step() < step)
                .toList());
    }
}
