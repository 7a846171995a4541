package dev.tartan.spark.dataset;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Samples whose columns are known to go with a network. */
public final class ResolvedSamples {
    private final Dataset<Row> frame;
    private final RowEncoder encoder;
    private final boolean dropLast;
    private final String name;

    /**
     * Holds a frame of just the columns of the samples, in order.
     *
     * @param name of the frame in messages
     */
    ResolvedSamples(Dataset<Row> frame, RowEncoder encoder, boolean dropLast, String name) {
        this.frame = frame;
        this.encoder = encoder;
        this.dropLast = dropLast;
        this.name = name;
    }

    Dataset<Row> frame() {
        return frame;
    }

    RowEncoder encoder() {
        return encoder;
    }

    boolean dropLast() {
        return dropLast;
    }

    String name() {
        return name;
    }

    boolean hasWeights() {
        return encoder.columns().stream().anyMatch(SampleColumn::weights);
    }

    /** Names of the fields that columns fill. */
    Set<String> fields() {
        return encoder.columns().stream().map(SampleColumn::field).collect(Collectors.toUnmodifiableSet());
    }

    List<String> columnNames() {
        return encoder.columns().stream().map(SampleColumn::column).toList();
    }
}
