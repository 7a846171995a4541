package dev.tartan.spark.dataset;

import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Which columns of a frame fill the fields that a network's outputs use: what {@link Samples} is for training.
 * Immutable; Java serialization takes it to the executors.
 */
public final class InputColumns implements Serializable {
    private static final long serialVersionUID = 1;

    private final RowEncoder encoder;

    private InputColumns(RowEncoder encoder) {
        this.encoder = encoder;
    }

    /**
     * Finds columns.
     *
     * @param fields those of the network that are to be filled
     * @param columns names of columns by field; others than these fields are left out
     * @throws IllegalArgumentException naming all fields and columns that do not go together
     */
    public static InputColumns resolve(
            Dataset<Row> frame, Network network, List<BatchField> fields, Map<String, String> columns) {
        return new InputColumns(new ResolveColumns(frame, network, columns, null, false, "frame").runFor(fields));
    }

    /** The columns in the order in which {@link InputBatch} takes them from rows. */
    public List<String> columns() {
        return encoder.columns().stream().map(SampleColumn::column).toList();
    }

    RowEncoder encoder() {
        return encoder;
    }
}
