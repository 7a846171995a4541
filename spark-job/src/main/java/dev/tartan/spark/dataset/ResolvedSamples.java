package dev.tartan.spark.dataset;

import java.util.HashSet;
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
    private final SequenceParts parts;

    /**
     * Holds rows of just the columns of the samples, in order.
     *
     * @param name of the frame in messages
     */
    ResolvedSamples(JavaRDD<InternalRow> rows, RowEncoder encoder, boolean dropLast, String name) {
        this(rows, encoder, dropLast, name, SequenceParts.WHOLE);
    }

    /** Holds rows that are given in parts. */
    ResolvedSamples(JavaRDD<InternalRow> rows, RowEncoder encoder, boolean dropLast, String name, SequenceParts parts) {
        this.rows = rows;
        this.encoder = encoder;
        this.dropLast = dropLast;
        this.name = name;
        this.parts = parts;
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

    SequenceParts parts() {
        return parts;
    }

    boolean hasWeights() {
        return encoder.columns().stream().anyMatch(SampleColumn::weights);
    }

    /** Names of the fields that columns fill, and of that which says where sequences begin. */
    Set<String> fields() {
        Set<String> fields =
                encoder.columns().stream().map(SampleColumn::field).collect(Collectors.toCollection(HashSet::new));
        if (parts.count() > 1) {
            fields.add(parts.field());
        }
        return Set.copyOf(fields);
    }

    List<String> columnNames() {
        return encoder.columns().stream().map(SampleColumn::column).toList();
    }
}
