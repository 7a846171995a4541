package dev.tartan.spark.dl4j;

/** A DataSet is not as the first ones were, so that all must be looked at; thrown in tasks. */
final class ChangedShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ChangedShapeException(String message) {
        super(message);
    }
}
