package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.PartitionSpec;

/**
 * An input or output of a program.
 *
 * @param name the input's name or the output's label
 * @param value id of the value
 * @param global the type of the whole tensor
 * @param spec how it is split
 */
public record ProgramPort(String name, int value, TensorType global, PartitionSpec spec) {}
