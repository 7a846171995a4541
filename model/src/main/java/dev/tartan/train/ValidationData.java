package dev.tartan.train;

import dev.tartan.train.data.EvaluationBatches;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.RankSamples;
import dev.tartan.train.data.ReadAhead;
import dev.tartan.train.data.SampleSource;
import org.jspecify.annotations.Nullable;

/** The validation samples for the ranks of one process, read ahead. Safe for use by its device threads. */
final class ValidationData implements AutoCloseable {
    private final EvaluationBatches batches;
    private final ReadAhead ahead;

    private ValidationData(EvaluationBatches batches, RankSamples samples, boolean coresAreBusy) {
        this.batches = batches;
        this.ahead = new ReadAhead(batches, samples, Long.MAX_VALUE, coresAreBusy);
    }

    /**
     * Opens the validation samples of a plan; null if it has none.
     *
     * @param coresAreBusy whether ranks keep all cores of the machine busy
     * @throws IllegalArgumentException if there are no samples, or they do not fit
     */
    static @Nullable ValidationData open(TrainingPlan plan, boolean coresAreBusy) {
        PlannedValidation validation = plan.validation();
        if (validation == null) {
            return null;
        }
        SampleSource samples = validation.how().samples();
        if (samples == null) {
            throw new IllegalStateException("validation has no samples: network=" + plan.network());
        }
        return new ValidationData(
                samples.openForEvaluation(validation.batches(plan)),
                validation.rankSamples(plan.numDataRanks()),
                coresAreBusy);
    }

    /**
     * Reads the first batch of a plan's validation samples, if it has any, unless they are yet to be brought.
     *
     * @throws IllegalArgumentException if there are no samples, or that batch cannot be used
     */
    static void check(TrainingPlan plan) {
        PlannedValidation validation = plan.validation();
        SampleSource samples = validation == null ? null : validation.how().samples();
        if (samples != null && samples.isBrought()) {
            return;
        }
        try (ValidationData data = open(plan, false)) {
            if (data != null) {
                data.batches.samples(0, 0, 1);
            }
        }
    }

    /** Number of batches that have every sample once. */
    long numBatches() {
        return batches.numBatches();
    }

    /**
     * The samples of a rank in a batch; batches are counted over all evaluations.
     *
     * @param rank the data rank
     */
    HostBatch batch(long index, int rank) throws InterruptedException {
        return ahead.batch(index, rank);
    }

    @Override
    public void close() {
        ahead.close();
        batches.close();
    }
}
