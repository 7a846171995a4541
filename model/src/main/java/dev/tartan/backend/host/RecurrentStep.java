package dev.tartan.backend.host;

/**
 * What a recurrent op does at one step besides its matrix product. Thread-safe as long as no two threads have samples
 * in common.
 */
public interface RecurrentStep {
    /** What comes before all steps, for samples {@code begin} to {@code end} - 1. */
    void begin(int begin, int end);

    /** The {@code k}-th step in the order of the forward pass, for samples {@code begin} to {@code end} - 1. */
    void run(int k, int begin, int end);

    /** What comes after all steps of all samples. */
    default void finish() {}
}
