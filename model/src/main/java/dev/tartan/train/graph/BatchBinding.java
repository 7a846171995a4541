package dev.tartan.train.graph;

import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.BatchField;

/**
 * A batch tensor as an input of a graph: {@code [batch/data, sample...]}, or {@code [microBatches, batch/data,
 * sample...]} when there are several micro-batches.
 */
public record BatchBinding(BatchField field, Value input, PartitionSpec spec) {
    /** The same input of a rewritten graph. */
    BatchBinding of(CastToPolicy.Result cast) {
        return new BatchBinding(field, cast.of(input), spec);
    }
}
