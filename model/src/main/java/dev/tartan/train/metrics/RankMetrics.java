package dev.tartan.train.metrics;

/**
 * What the device thread of one rank did in its last steps, as means. Plain data.
 *
 * @param rank of the mesh
 * @param steps of how many steps it is the mean, 1 or more
 * @param stepMillis wall time of a step
 * @param dataMillis waiting for samples
 * @param exposedCommunicationMillis starting, running and awaiting collectives
 */
public record RankMetrics(
        int rank, long steps, double stepMillis, double dataMillis, double exposedCommunicationMillis) {}
