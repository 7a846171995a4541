package dev.tartan.spark.dataset;

/** A value that cannot be used; caught for each row. */
final class RowFault extends Exception {
    private static final long serialVersionUID = 1;
    private static final int NO_ELEMENT = -1;

    private final boolean missing;

    /**
     * Describes a value.
     *
     * @param element index within the column's value; -1 if it is one value
     */
    RowFault(SampleColumn column, String fact, int element, Object value, String remedy) {
        this(column, fact, element, value, remedy, false);
    }

    private RowFault(SampleColumn column, String fact, int element, Object value, String remedy, boolean missing) {
        super(
                column + " " + fact + ": " + (element == NO_ELEMENT ? "" : "element=" + element + ", ") + "value="
                        + value + ". " + remedy,
                null,
                false,
                false);
        this.missing = missing;
    }

    /** Describes a value, or an element of it, that is null or no finite number. */
    static RowFault ofMissing(SampleColumn column, String fact, int element, Object value) {
        return new RowFault(column, fact, element, value, "Fill it, or drop the row.", true);
    }

    /** Describes a column's value that is null. */
    static RowFault ofNull(SampleColumn column) {
        return ofMissing(column, "is null", NO_ELEMENT, "null");
    }

    /**
     * Whether the value is null or no finite number, as data may well be; any other fault is a mistake in the frame.
     */
    boolean isMissing() {
        return missing;
    }

    /** Describes the whole value of a column. */
    RowFault(SampleColumn column, String fact, Object value, String remedy) {
        this(column, fact, NO_ELEMENT, value, remedy);
    }
}
