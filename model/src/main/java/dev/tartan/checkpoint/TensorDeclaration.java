package dev.tartan.checkpoint;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;

/**
 * A tensor that is going to be written.
 *
 * @param name the tensor's name, unique in its file
 * @param type of its elements in the file
 * @param shape global shape in the file
 * @param boxShape the shape, of the same elements in row-major order, along whose dims boxes are cut
 */
public record TensorDeclaration(String name, SafetensorsType type, Shape shape, Shape boxShape) {
    public TensorDeclaration {
        if (shape.numElements() != boxShape.numElements()) {
            throw new IllegalArgumentException("tensor has two numbers of elements: tensor=" + name + ", shape=" + shape
                    + ", boxShape=" + boxShape + ". Give a reshape.");
        }
    }

    /** A tensor whose elements are stored as they are: FLOAT32, FLOAT64 or INT32. */
    public TensorDeclaration(String name, DType dtype, Shape shape, Shape boxShape) {
        this(name, SafetensorsType.of(dtype), shape, boxShape);
    }

    /** A tensor whose elements are stored as they are, and whose boxes are cut along its own dims. */
    public TensorDeclaration(String name, DType dtype, Shape shape) {
        this(name, dtype, shape, shape);
    }
}
