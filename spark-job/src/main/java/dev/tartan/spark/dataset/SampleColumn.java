package dev.tartan.spark.dataset;

import java.io.Serializable;
import java.util.List;

/**
 * A column of a frame and the batch field that it fills. Java serialization takes it to the executors.
 *
 * @param field name of the batch field
 * @param column name of the column
 * @param form how a value lies in a row of the spool
 * @param integers whether the field is INT32, else FLOAT32
 * @param dims shape of one sample
 * @param numElements product of the dims
 * @param limit values of integers lie in 0 .. limit - 1; 0 for no limit
 * @param hasIgnored whether one more value is allowed
 * @param ignored that value
 * @param weights whether the field holds weights of samples, none negative
 * @param parts names of the columns whose numbers it joins in an array, in order; none if it is a column of its own
 */
record SampleColumn(
        String field,
        String column,
        Form form,
        boolean integers,
        long[] dims,
        int numElements,
        int limit,
        boolean hasIgnored,
        int ignored,
        boolean weights,
        List<String> parts)
        implements Serializable {
    private static final long serialVersionUID = 1;

    /** How a value lies in a row. All forms are whole words of four bytes, little-endian. */
    enum Form {
        /** A word for each element. */
        WORDS,
        /** A byte for each element, unsigned, filled up to whole words. */
        BYTES,
        /** A word with the number n of elements that are not 0, n indices, n values; or -1 and all values. */
        VECTOR
    }

    /** Whether the field may hold an integer. */
    boolean allows(long value) {
        return limit == 0 || (value >= 0 && value < limit) || (hasIgnored && value == ignored);
    }

    /** The column that an element is from: itself, unless it joins others. */
    SampleColumn part(int element) {
        return element < 0 || element >= parts.size()
                ? this
                : new SampleColumn(
                        field,
                        parts.get(element),
                        form,
                        integers,
                        dims,
                        numElements,
                        limit,
                        hasIgnored,
                        ignored,
                        weights,
                        parts);
    }

    @Override
    public String toString() {
        return "column='" + column + "', field='" + field + "'";
    }
}
