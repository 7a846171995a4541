package dev.tartan.spark.runtime;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.RankPlace;
import java.util.HashSet;
import java.util.Set;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;

/**
 * Which executors an attempt failed for: those that were lost, or whose task threw something of its own. What tasks say
 * that waited for others counts only if nobody else says anything. Not thread-safe.
 */
final class BlamedExecutors {
    private final Set<String> failed = new HashSet<>();
    private final Set<String> missed = new HashSet<>();

    /** Takes note of a task that failed in an executor. */
    void add(String executor, TaskFailedReason reason) {
        if (reason instanceof ExecutorLostFailure lost) {
            failed.add(lost.execId());
        } else if (reason instanceof ExceptionFailure failure) {
            if (!failure.className().equals(CollectiveException.class.getName())) {
                failed.add(executor);
            } else if (failure.exception().isDefined()
                    && failure.exception().get() instanceof CollectiveException collective) {
                collective.missing().stream().map(RankPlace::executor).forEach(missed::add);
            }
        } else if (!(reason instanceof TaskKilled)) {
            failed.add(executor);
        }
    }

    /** Spark's names of them. */
    Set<String> ids() {
        return Set.copyOf(failed.isEmpty() ? missed : failed);
    }
}
