package dev.tartan.spark.runtime;

import dev.tartan.train.TrainingListener;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import java.util.List;

/** Tells several listeners, in their order. */
record EachListener(List<TrainingListener> listeners) implements TrainingListener {
    EachListener {
        listeners = List.copyOf(listeners);
    }

    @Override
    public void onStep(StepMetrics metrics) {
        listeners.forEach(listener -> listener.onStep(metrics));
    }

    @Override
    public void onValidation(ValidationMetrics metrics) {
        listeners.forEach(listener -> listener.onValidation(metrics));
    }

    @Override
    public void onCheckpoint(CheckpointMetrics metrics) {
        listeners.forEach(listener -> listener.onCheckpoint(metrics));
    }

    @Override
    public void onRank(RankMetrics metrics) {
        listeners.forEach(listener -> listener.onRank(metrics));
    }

    @Override
    public void onProfile(StepProfile profile) {
        listeners.forEach(listener -> listener.onProfile(profile));
    }

    @Override
    public void onRestart(long step, String reason) {
        listeners.forEach(listener -> listener.onRestart(step, reason));
    }
}
