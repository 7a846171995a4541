package dev.tartan.spark.dataset;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;

/** Samples whose columns are known to go with a network. */
public final class ResolvedSamples {
    private final JavaRDD<InternalRow> rows;
    private final RowEncoder encoder;
    private final boolean dropLast;
    private final String name;

    /**
     * Holds rows of just the columns of the samples, in order.
     *
     * @param name of the frame in messages
     */
    ResolvedSamples(JavaRDD<InternalRow> rows, RowEncoder encoder, boolean dropLast, String name) {
        this.rows = rows;
        this.encoder = encoder;
        this.dropLast = dropLast;
        this.name = name;
    }

    JavaRDD<InternalRow> rows() {
        return rows;
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
