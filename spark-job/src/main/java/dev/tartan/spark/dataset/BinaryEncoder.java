package dev.tartan.spark.dataset;

import org.apache.spark.sql.catalyst.InternalRow;

/** A column of bytes, each an element of 0 to 255; they stay bytes until a batch is made. */
record BinaryEncoder(ElementCheck check) implements ColumnEncoder {
    private static final long serialVersionUID = 1;

    @Override
    public void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault {
        byte[] values = from.getBinary(ordinal);
        SampleColumn column = check.column();
        if (values.length != column.numElements()) {
            throw new RowFault(
                    column,
                    "has another number of bytes",
                    values.length + " bytes",
                    "The network takes " + column.numElements() + ".");
        }
        if (column.integers() && column.limit() != 0 && column.limit() <= 0xff) {
            for (int i = 0; i < values.length; i++) {
                int value = values[i] & 0xff;
                if (!column.allows(value)) {
                    throw new RowFault(column, "is out of range", i, value, "Give bytes below " + column.limit() + ".");
                }
            }
        }
        row.putBytes(values);
    }
}
