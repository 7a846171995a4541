package dev.tartan.train;

import dev.tartan.execute.RankExecutor;
import dev.tartan.train.metrics.RankMetrics;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Tells once a second what one rank's time goes to, and at the end of its run. Used by the rank's thread. */
final class RankTimes {
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final double NANOS_PER_MILLI = 1e6;

    private final int rank;
    private final RankTrainer trainer;
    private final RankExecutor executor;
    private final Consumer<RankMetrics> told;
    private long steps;
    private double millis;
    private long dataNanos;
    private long exposedNanos;
    private long toldNanos = System.nanoTime();

    RankTimes(int rank, RankTrainer trainer, RankExecutor executor, Consumer<RankMetrics> told) {
        this.rank = rank;
        this.trainer = trainer;
        this.executor = executor;
        this.told = told;
        this.dataNanos = trainer.dataNanos();
        this.exposedNanos = executor.exposedCommunicationNanos();
    }

    /** A step is done, in so much time. */
    void stepped(double stepMillis) {
        steps++;
        millis += stepMillis;
        if (System.nanoTime() - toldNanos >= PAUSE_NANOS) {
            tell();
        }
    }

    /** Tells of the steps since it last told, if there are any. */
    void tell() {
        if (steps == 0) {
            return;
        }
        long data = trainer.dataNanos();
        long exposed = executor.exposedCommunicationNanos();
        told.accept(new RankMetrics(
                rank,
                steps,
                millis / steps,
                (data - dataNanos) / NANOS_PER_MILLI / steps,
                (exposed - exposedNanos) / NANOS_PER_MILLI / steps));
        steps = 0;
        millis = 0;
        dataNanos = data;
        exposedNanos = exposed;
        toldNanos = System.nanoTime();
    }
}
