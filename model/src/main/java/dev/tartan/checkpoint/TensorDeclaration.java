package dev.tartan.checkpoint;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;

/**
 * A tensor that is going to be written.
 *
 * @param name the tensor's name, unique in its file
 * @param dtype FLOAT32, FLOAT64 or INT32
 * @param shape global shape
 */
public record TensorDeclaration(String name, DType dtype, Shape shape) {}
