package dev.tartan.train;

import dev.tartan.collective.Communicator;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.profile.ChromeTrace;
import dev.tartan.train.profile.GatherTraces;
import dev.tartan.train.profile.RankTrace;
import dev.tartan.train.profile.RankTrace.TracedStep;
import dev.tartan.train.profile.StepProfile;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes the trace of one rank's steps, and writes that of all. Used by the rank's thread. */
final class RankProfile {
    private final TrainingPlan plan;
    private final int rank;
    private final Communicator ranks;
    private final long first;
    private final List<TracedStep> steps = new ArrayList<>();

    /**
     * Prepares it.
     *
     * @param ranks all ranks of the mesh
     * @param firstStep that the run begins or goes on with
     */
    RankProfile(TrainingPlan plan, int rank, Communicator ranks, long firstStep) {
        this.plan = plan;
        this.rank = rank;
        this.ranks = ranks;
        this.first = firstStep + plan.train().profile().after();
    }

    /** Whether a step is to be traced. */
    boolean isDue(long step) {
        return step >= first && step < first + plan.train().profile().steps();
    }

    /** Takes a step's trace. */
    void add(TracedStep step) {
        steps.add(step);
    }

    /** Whether the traces are to be gathered after a step. */
    boolean isComplete(boolean isLast) {
        ProfileConfig how = plan.train().profile();
        return !steps.isEmpty() && (isLast || steps.size() == how.steps());
    }

    /**
     * Gathers what was traced; a call of all ranks. Rank 0 writes it.
     *
     * @return null on other ranks
     */
    @Nullable
    StepProfile conclude() {
        String process = ManagementFactory.getRuntimeMXBean().getName();
        List<RankTrace> traces = GatherTraces.run(ranks, new RankTrace(rank, process, steps));
        steps.clear();
        if (rank != 0) {
            return null;
        }
        Path file = plan.files().result(ChromeTrace.FILE_NAME);
        if (file != null) {
            ChromeTrace.write(file, plan.step().program(), traces);
        }
        return StepProfile.of(plan.step().program(), traces);
    }
}
