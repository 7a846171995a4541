package dev.tartan.spark.dataset;

import org.apache.spark.sql.catalyst.InternalRow;

/** A column of {@code float[]}, which only rows have that were made by {@link ArraySamples}. */
record FloatsEncoder(ElementCheck check) implements ColumnEncoder {
    private static final long serialVersionUID = 1;

    @Override
    public void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault {
        float[] values = (float[]) from.get(ordinal, null);
        SampleColumn column = check.column();
        if (values.length != column.numElements()) {
            throw new RowFault(
                    column,
                    "has another number of elements",
                    values.length + " elements",
                    "The network takes " + column.numElements() + ".");
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = check.checked(values[i], i);
        }
        row.putFloats(values);
    }
}
