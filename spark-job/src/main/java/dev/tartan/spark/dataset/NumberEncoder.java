package dev.tartan.spark.dataset;

import org.apache.spark.sql.catalyst.InternalRow;

/** A column of numbers, for a field of one element. */
record NumberEncoder(NumberType type, ElementCheck check) implements ColumnEncoder {
    private static final long serialVersionUID = 1;

    @Override
    public void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault {
        if (type.isWhole()) {
            check.put(row, type.getLong(from, ordinal), -1);
        } else {
            check.put(row, type.getDouble(from, ordinal), -1);
        }
    }
}
