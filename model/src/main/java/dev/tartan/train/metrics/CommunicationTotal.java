package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One kind of collective along one mesh axis.
 *
 * @param op for example {@code all-reduce}
 * @param axis the mesh axis, or several joined by commas
 * @param count collectives per step
 * @param bytes size of their arrays per step and rank
 */
@JsonPropertyOrder({"op", "axis", "count", "bytes"})
public record CommunicationTotal(String op, String axis, long count, long bytes) {}
