package dev.tartan.train.data;

import dev.tartan.network.BatchField;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run asks of its samples.
 *
 * @param fields the tensors of a batch, in order
 * @param globalBatch samples of a step, on all ranks together
 * @param steps number of steps
 * @param seed of their order
 * @param output the run's own output folder, which is no data even where it lies in a folder of data; null if none
 */
public record BatchSpec(
        List<BatchField> fields,
        int globalBatch,
        long steps,
        long seed,
        @Nullable Path output) {
    public BatchSpec {
        fields = List.copyOf(fields);
    }
}
