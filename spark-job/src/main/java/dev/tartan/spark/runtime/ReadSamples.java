package dev.tartan.spark.runtime;

import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.SampleSource;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Samples that this process has read already from the rows given to its task.
 *
 * @param source may be closed more than once
 */
record ReadSamples(BatchSource source) implements AutoCloseable {

    /** Reads the rows for the ranks of a process of the mesh. */
    static ReadSamples of(RowReader reader, TrainingPlan plan, MeshTaskContext context, int process) {
        int numRanks = plan.mesh().numRanks() / context.numTasks();
        List<Integer> dataRanks = IntStream.range(process * numRanks, (process + 1) * numRanks)
                .map(rank -> plan.mesh().coordinate(rank, TrainingPlan.AXES.get(0)))
                .distinct()
                .sorted()
                .boxed()
                .toList();
        return new ReadSamples(reader.read(context.rows(), plan, dataRanks));
    }

    /** These samples in place of those that the plan was compiled with. */
    SampleSource asSource() {
        // Of no name, since it does not travel.
        return new SampleSource() {
            @Override
            public PresentFields fields(Network network) {
                throw new IllegalStateException(
                        "samples are asked for their fields after the plan was made: network=" + network.title());
            }

            @Override
            public BatchSource open(BatchSpec spec) {
                return source;
            }
        };
    }

    @Override
    public void close() {
        source.close();
    }
}
