package dev.tartan.spark.dataset;

/** A value that cannot be used; caught for each row. */
final class RowFault extends Exception {
    private static final long serialVersionUID = 1;
    private static final int NO_ELEMENT = -1;

    /**
     * Describes a value.
     *
     * @param element index within the column's value; -1 if it is one value
     */
    RowFault(SampleColumn column, String fact, int element, Object value, String remedy) {
        super(
                column + " " + fact + ": " + (element == NO_ELEMENT ? "" : "element=" + element + ", ") + "value="
                        + value + ". " + remedy,
                null,
                false,
                false);
    }

    /** Describes the whole value of a column. */
    RowFault(SampleColumn column, String fact, Object value, String remedy) {
        this(column, fact, NO_ELEMENT, value, remedy);
    }
}
