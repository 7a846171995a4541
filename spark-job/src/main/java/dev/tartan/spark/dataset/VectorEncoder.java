package dev.tartan.spark.dataset;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/**
 * A column of Spark ML's vectors. What takes fewer bytes is kept, whether the column had it sparse or dense: a vector
 * of a million elements with a hundred that are not 0 takes 804 bytes.
 */
record VectorEncoder(ElementCheck check) implements ColumnEncoder {
    private static final long serialVersionUID = 1;

    /** What a vector without indices has in place of their number. */
    static final int DENSE = -1;

    private static final int NUM_FIELDS = 4;
    private static final int SIZE = 1;
    private static final int INDICES = 2;
    private static final int VALUES = 3;
    private static final byte SPARSE_TYPE = 0;

    @Override
    public void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault {
        InternalRow vector = from.getStruct(ordinal, NUM_FIELDS);
        boolean sparse = vector.getByte(0) == SPARSE_TYPE;
        double[] values = vector.getArray(VALUES).toDoubleArray();
        ArrayData indices = sparse ? vector.getArray(INDICES) : null;
        int size = sparse ? vector.getInt(SIZE) : values.length;
        if (size != check.column().numElements()) {
            throw new RowFault(
                    check.column(),
                    "has a vector of another size",
                    size + " elements",
                    "The network takes " + check.column().numElements() + ".");
        }
        int[] positions = indices == null ? null : indices.toIntArray();
        int nonZeros = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = check.checked(values[i], positions == null ? i : positions[i]);
            if (values[i] != 0) {
                nonZeros++;
            }
        }
        if (2L * nonZeros < size) {
            encodeSparse(positions, values, nonZeros, row);
        } else {
            encodeDense(positions, values, size, row);
        }
    }

    private static void encodeSparse(int @Nullable [] positions, double[] values, int nonZeros, RowBuffer row) {
        row.putInt(nonZeros);
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0) {
                row.putInt(positions == null ? i : positions[i]);
            }
        }
        for (double value : values) {
            if (value != 0) {
                row.putFloat((float) value);
            }
        }
    }

    private static void encodeDense(int @Nullable [] positions, double[] values, int size, RowBuffer row) {
        float[] dense = new float[size];
        for (int i = 0; i < values.length; i++) {
            dense[positions == null ? i : positions[i]] = (float) values[i];
        }
        row.putInt(DENSE);
        row.putFloats(dense);
    }
}
