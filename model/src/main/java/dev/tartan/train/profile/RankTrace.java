package dev.tartan.train.profile;

import dev.tartan.execute.RunTrace;
import java.util.List;

/**
 * The steps of one rank that were traced.
 *
 * @param process a name that ranks of one process share, and no others
 * @param steps in order
 */
public record RankTrace(int rank, String process, List<TracedStep> steps) {
    public RankTrace {
        steps = List.copyOf(steps);
    }

    /**
     * One step.
     *
     * @param step counted from 0
     * @param dataNanos how long it waited for samples, right before them being copied in
     * @param feedNanos how long it took to copy them in, right before the run
     */
    public record TracedStep(long step, long dataNanos, long feedNanos, RunTrace run) {
        /** When its run had ended in the last stream, in nanoseconds from its beginning. */
        public long runNanos() {
            return run.spans().stream().mapToLong(span -> span.endNanos()).max().orElse(0);
        }

        /** From the wait for samples to the end of the run. */
        public long nanos() {
            return dataNanos + feedNanos + runNanos();
        }
    }
}
