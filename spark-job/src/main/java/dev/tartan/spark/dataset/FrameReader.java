package dev.tartan.spark.dataset;

import dev.tartan.spark.runtime.ReadSamples;
import dev.tartan.spark.runtime.RowReader;
import dev.tartan.train.PlannedValidation;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.data.RankSamples;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a frame that a process trains on, and those that it validates on.
 *
 * @param validation null if the frame has none
 */
record FrameReader(SpoolReader training, @Nullable SpoolReader validation) implements RowReader {
    private static final long serialVersionUID = 1;

    @Override
    public ReadSamples read(Iterator<?> rows, TrainingPlan plan, List<Integer> dataRanks) {
        ChunkReader[] readers = (ChunkReader[]) rows.next();
        long seed = plan.train().seed();
        SpoolBatches trained = training.read(readers[0], plan.rankSamples(), dataRanks, plan.fields(), seed);
        PlannedValidation planned = plan.validation();
        if (validation == null || planned == null) {
            return new ReadSamples(trained, null);
        }
        RankSamples samples = planned.rankSamples(plan.numDataRanks());
        try {
            return new ReadSamples(
                    trained,
                    validation
                            .read(readers[1], samples, dataRanks, planned.fields(), seed)
                            .inOrder());
        } catch (RuntimeException e) {
            trained.close();
            throw e;
        }
    }
}
