package dev.tartan.spark.dataset;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;

/** Puts one column's value of a row into the row's bytes. Equal samples give equal bytes. */
interface ColumnEncoder extends Serializable {
    /**
     * Puts a value.
     *
     * @param ordinal the column; its value is not null
     */
    void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault;
}
