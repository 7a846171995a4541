package dev.tartan.train.planner;

/**
 * A published run beside its prediction.
 *
 * @param publishedSeconds of a step, from the utilization
 */
public record PublishedRunCheck(PublishedRun run, double publishedSeconds, double predictedSeconds) {
    /** Predicted over published time. */
    public double ratio() {
        return predictedSeconds / publishedSeconds;
    }
}
