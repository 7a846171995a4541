package dev.tartan.graph;

/** The part of a training step that a computation belongs to. */
public enum Phase {
    /** From the batch to the loss. */
    FORWARD,
    /** From the loss to the gradients, what is computed again on the way included. */
    BACKWARD,
    /** From the gradients to new parameters and optimizer state. */
    UPDATE
}
