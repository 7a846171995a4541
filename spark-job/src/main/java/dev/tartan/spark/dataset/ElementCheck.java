package dev.tartan.spark.dataset;

import java.io.Serializable;

/** Narrows the numbers of a column to float32 or int32, or says why they cannot be. */
record ElementCheck(SampleColumn column) implements Serializable {
    private static final long serialVersionUID = 1;

    /** Puts a number. */
    void put(RowBuffer row, double value, int element) throws RowFault {
        if (column.integers()) {
            if (value != Math.rint(value) || Double.isInfinite(value)) {
                throw new RowFault(
                        column.part(element), "is no whole number", element, value, "Round it, or drop the row.");
            }
            if (Math.abs(value) > Integer.MAX_VALUE + 1.0) {
                throw tooLarge(value, element);
            }
            put(row, (long) value, element);
        } else {
            row.putFloat(checked(value, element));
        }
    }

    /** Puts a whole number. */
    void put(RowBuffer row, long value, int element) throws RowFault {
        if (!column.integers()) {
            row.putFloat(checked((double) value, element));
            return;
        }
        if (value != (int) value) {
            throw tooLarge(value, element);
        }
        if (!column.allows(value)) {
            throw new RowFault(
                    column.part(element),
                    "is out of range",
                    element,
                    value,
                    "Give values from 0 to " + (column.limit() - 1)
                            + (column.hasIgnored() ? ", or " + column.ignored() + " for none" : "") + ".");
        }
        row.putInt((int) value);
    }

    /** A float, -0 as 0, so that equal samples are equal bytes. */
    float checked(double value, int element) throws RowFault {
        float narrowed = (float) value;
        if (!Float.isFinite(narrowed)) {
            String fact = Double.isFinite(value) ? "is too large for float32" : "is no finite number";
            throw RowFault.ofMissing(column.part(element), fact, element, value);
        }
        if (column.weights() && narrowed < 0) {
            throw new RowFault(column.part(element), "is negative", element, value, "Give weights of 0 or more.");
        }
        return narrowed + 0.0f;
    }

    /** What is there in place of a number. */
    RowFault ofNull(int element) {
        return RowFault.ofMissing(column.part(element), "is null", element, "null");
    }

    private RowFault tooLarge(Object value, int element) {
        return new RowFault(
                column.part(element), "is too large for int32", element, value, "Number the values from 0.");
    }
}
