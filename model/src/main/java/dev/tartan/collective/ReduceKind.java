package dev.tartan.collective;

/** How equal positions of all ranks' inputs become one. */
public enum ReduceKind {
    SUM,
    /** Largest value; NaN wins, as in {@link Math#max(float, float)}. */
    MAX,
    /** Smallest value; NaN wins, as in {@link Math#min(float, float)}. */
    MIN,
    /** The sum divided by the number of ranks; for floating-point elements only. */
    MEAN
}
