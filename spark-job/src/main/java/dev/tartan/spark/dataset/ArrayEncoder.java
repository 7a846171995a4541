package dev.tartan.spark.dataset;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * A column of arrays, nested as deep as the field has dims, or flat with all elements of a sample in row-major order.
 *
 * @param type of the elements
 * @param sizes of each level of arrays
 */
record ArrayEncoder(NumberType type, ElementCheck check, int[] sizes) implements ColumnEncoder {
    private static final long serialVersionUID = 1;

    @Override
    public void encode(InternalRow from, int ordinal, RowBuffer row) throws RowFault {
        encode(from.getArray(ordinal), 0, 0, row);
    }

    /** Puts an array whose first element is number {@code element} of the sample; returns the number after its last. */
    private int encode(ArrayData array, int level, int element, RowBuffer row) throws RowFault {
        if (array.numElements() != sizes[level]) {
            throw new RowFault(
                    check.column(),
                    "has an array of another length",
                    element,
                    array.numElements() + " elements",
                    "The network takes " + sizes[level] + (sizes.length == 1 ? "." : " at level " + level + "."));
        }
        if (level < sizes.length - 1) {
            int next = element;
            for (int i = 0; i < sizes[level]; i++) {
                if (array.isNullAt(i)) {
                    throw check.ofNull(next);
                }
                next = encode(array.getArray(i), level + 1, next, row);
            }
            return next;
        }
        elements(array, element, row);
        return element + sizes[level];
    }

    private void elements(ArrayData array, int first, RowBuffer row) throws RowFault {
        int count = array.numElements();
        for (int i = 0; i < count; i++) {
            if (array.isNullAt(i)) {
                throw check.ofNull(first + i);
            }
        }
        if (!check.column().integers() && type.kind() == NumberType.Kind.FLOAT) {
            float[] values = array.toFloatArray();
            for (int i = 0; i < count; i++) {
                values[i] = check.checked(values[i], first + i);
            }
            row.putFloats(values);
        } else if (type.isWhole()) {
            for (int i = 0; i < count; i++) {
                check.put(row, type.getLong(array, i), first + i);
            }
        } else {
            for (int i = 0; i < count; i++) {
                check.put(row, type.getDouble(array, i), first + i);
            }
        }
    }
}
