package dev.tartan.spark.dataset;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Encodes rows whose columns are those of the samples, in order.
 *
 * @param columns what each column fills
 * @param encoders of the columns
 */
record RowEncoder(List<SampleColumn> columns, List<ColumnEncoder> encoders) implements Serializable {
    private static final long serialVersionUID = 1;

    RowEncoder {
        columns = List.copyOf(columns);
        encoders = List.copyOf(encoders);
    }

    /** Puts a row. */
    void encode(InternalRow from, RowBuffer row) throws RowFault {
        row.clear();
        for (int i = 0; i < encoders.size(); i++) {
            if (from.isNullAt(i)) {
                throw RowFault.ofNull(columns.get(i));
            }
            encoders.get(i).encode(from, i, row);
        }
    }
}
