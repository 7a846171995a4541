package dev.tartan.spark.runtime;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks while tasks run whether they should end after a checkpoint and go on elsewhere: when executors have come, those
 * of a run that goes on over fewer than it was to have; and when an executor that it uses is being decommissioned. Safe
 * for use by many threads.
 */
final class ElasticWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ElasticWatch.class);

    private final BarrierMeshJob job;
    private final LiveExecutors live;
    private final boolean saves;
    private List<Integer> sizes = List.of();
    private int size;
    private int wanted;
    private @Nullable String reason;
    private boolean toldOfLeaving;

    /**
     * Watches a job.
     *
     * @param saves whether its tasks write checkpoints, without which none is to end
     */
    ElasticWatch(BarrierMeshJob job, LiveExecutors live, boolean saves) {
        this.job = job;
        this.live = live;
        this.saves = saves;
    }

    /**
     * An attempt begins.
     *
     * @param over how many executors
     * @param possible all numbers that will do, the largest first
     */
    synchronized void begin(int over, List<Integer> possible) {
        size = over;
        wanted = over;
        sizes = List.copyOf(possible);
        reason = null;
        toldOfLeaving = false;
    }

    /** How many executors the next attempt should wait for. */
    synchronized int wanted() {
        return wanted;
    }

    /** Why the attempt was asked to end after a checkpoint; null if it was not. */
    synchronized @Nullable String reason() {
        return reason;
    }

    /** A checkpoint is there: the time to go on over more executors, if they have come. */
    synchronized void onCheckpoint() {
        List<String> own = job.executors();
        if (reason != null || own.size() != size || sizes.isEmpty() || sizes.get(0) == size) {
            return;
        }
        long present = live.list().stream()
                .filter(place -> place.freeSlots() > 0 || own.contains(place.id()))
                .count();
        int larger = sizes.stream().filter(each -> each <= present).findFirst().orElse(size);
        if (larger > size) {
            wanted = larger;
            end("executors have come: executors=" + present + ", usedSoFar=" + size + ", used=" + larger);
        }
    }

    /** Looks whether executors of the attempt are to go. */
    synchronized void look() {
        if (reason != null || toldOfLeaving) {
            return;
        }
        Set<String> leaving = new HashSet<>(job.executors());
        leaving.removeIf(id -> !live.isLeaving(id));
        if (leaving.isEmpty()) {
            return;
        }
        if (saves) {
            end("executors are being decommissioned: executors=" + leaving);
        } else {
            toldOfLeaving = true;
            LOG.warn(
                    "executors are being decommissioned, and the run has no checkpoints to go on from: executors={}."
                            + " Set checkpoint.everySteps.",
                    leaving);
        }
    }

    private void end(String why) {
        reason = why;
        LOG.info("attempt ends after a checkpoint: reason={}", why);
        job.stopAfterCheckpoint();
    }
}
