package dev.tartan.train.config;

/** What becomes of a step whose loss or gradient norm is NaN or infinite. */
public enum OnNonFinite {
    /** The run ends with an error. */
    STOP,
    /** Parameters and optimizer state stay as they were, and the run goes on. */
    SKIP
}
