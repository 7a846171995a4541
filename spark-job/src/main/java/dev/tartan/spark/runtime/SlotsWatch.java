package dev.tartan.spark.runtime;

import java.time.Duration;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says what a submitted barrier stage waits for, and gives up after a while. Spark itself would wait in silence. */
final class SlotsWatch implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SlotsWatch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Nobody else is in the way: tasks of a busy machine begin late. */
    private static final Duration PATIENCE_ALONE = Duration.ofSeconds(15);

    private final SparkContext spark;
    private final Submission submitted;
    private final int numTasks;
    private final Duration limit;
    private boolean told;

    SlotsWatch(SparkContext spark, Submission submitted, int numTasks, Duration limit) {
        this.spark = spark;
        this.submitted = submitted;
        this.numTasks = numTasks;
        this.limit = limit;
    }

    /**
     * Looks whether it waits.
     *
     * @throws MeshJobException if it has waited too long
     */
    @Override
    public void run() {
        Duration waited = submitted.watcher().waited();
        if (waited.compareTo(limit) > 0) {
            throw new MeshJobException("mesh job found no free slots: needed=" + numTasks + ", waitedSeconds="
                    + waited.toSeconds() + ", " + slots()
                    + ". Wait for these jobs or cancel them, or give the session more executors.");
        }
        if (!told && waited.compareTo(PATIENCE) > 0 && isWorthTelling(waited)) {
            LOG.warn(
                    "mesh job waits for free slots: needed={}, {}, limitSeconds={}",
                    numTasks,
                    slots(),
                    limit.toSeconds());
            told = true;
        }
    }

    private boolean isWorthTelling(Duration waited) {
        Slots slots = slots();
        boolean isAlone = slots.users().isEmpty() && slots.total() >= numTasks;
        return !isAlone || waited.compareTo(PATIENCE_ALONE) > 0;
    }

    private Slots slots() {
        return Slots.of(spark, submitted.jobIds());
    }
}
