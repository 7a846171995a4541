package dev.tartan.spark.dl4j;

import dev.tartan.train.TrainingListener;
import dev.tartan.train.metrics.StepMetrics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls DL4J's listeners on the driver for each step, once, as it becomes known, with the network's score set. The
 * network's parameters are those from before the fit until it ends. A listener that throws is called no more, and the
 * fit throws that when it has ended.
 */
final class StepListeners implements TrainingListener {
    private final DriverNetwork net;
    private final List<org.deeplearning4j.optimize.api.TrainingListener> listeners;
    private final int firstIteration;
    private final int epoch;
    private long shown;
    private @Nullable RuntimeException failure;

    StepListeners(DriverNetwork net, List<org.deeplearning4j.optimize.api.TrainingListener> listeners) {
        this.net = net;
        this.listeners = listeners;
        this.firstIteration = net.iterationCount();
        this.epoch = net.epochCount();
    }

    @Override
    public synchronized void onStep(StepMetrics step) {
        if (step.step() < shown || failure != null) {
            return;
        }
        shown = step.step() + 1;
        net.setScore(score(step));
        try {
            listeners.forEach(listener ->
                    listener.iterationDone(net.model(), firstIteration + Math.toIntExact(step.step()), epoch));
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /** The score as DL4J counts it: the loss of an example and what regularization adds. */
    static double score(StepMetrics step) {
        Double reported = step.reports().get("score");
        return reported == null ? step.loss() : reported;
    }

    /** Throws what a listener threw. */
    synchronized void check() {
        if (failure != null) {
            throw failure;
        }
    }
}
