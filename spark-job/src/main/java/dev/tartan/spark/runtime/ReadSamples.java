package dev.tartan.spark.runtime;

import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.EvaluationBatches;
import dev.tartan.train.data.SampleSource;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Samples that a process has read from the rows given to its task.
 *
 * @param training may be closed more than once
 * @param validation the same; null if the rows have none, or the plan has samples of its own for it
 */
public record ReadSamples(BatchSource training, @Nullable EvaluationBatches validation) implements AutoCloseable {

    /** Reads the rows for the ranks of a process of the mesh. */
    static ReadSamples of(RowReader reader, TrainingPlan plan, MeshTaskContext context, int process) {
        int numRanks = plan.mesh().numRanks() / context.numTasks();
        List<Integer> dataRanks = IntStream.range(process * numRanks, (process + 1) * numRanks)
                .map(plan::dataRank)
                .distinct()
                .sorted()
                .boxed()
                .toList();
        return reader.read(context.rows(), plan, dataRanks);
    }

    /** The plan on these samples in place of those that it was compiled with. */
    TrainingPlan in(TrainingPlan plan) {
        // Of no name, since it does not travel.
        SampleSource source = new SampleSource() {
            @Override
            public PresentFields fields(Network network) {
                throw new IllegalStateException(
                        "samples are asked for their fields after the plan was made: network=" + network.title());
            }

            @Override
            public BatchSource open(BatchSpec spec) {
                return training;
            }

            @Override
            public EvaluationBatches openForEvaluation(BatchSpec spec) {
                if (validation == null) {
                    throw new IllegalStateException("rows have none to validate on: fields=" + spec.fields());
                }
                return validation;
            }
        };
        TrainingPlan training = plan.withSamples(source);
        return validation == null ? training : training.withValidationSamples(source);
    }

    @Override
    public void close() {
        training.close();
        if (validation != null) {
            validation.close();
        }
    }
}
