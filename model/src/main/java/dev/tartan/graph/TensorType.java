package dev.tartan.graph;

import dev.tartan.mesh.Shape;

/** Element type and shape of a tensor. */
public record TensorType(DType dtype, Shape shape) {
    /** Size in bytes of all elements. */
    public long bytes() {
        return shape.numElements() * dtype.bytes();
    }

    /** Number of dims. */
    public int numDims() {
        return shape.numDims();
    }

    /** This type with another shape. */
    public TensorType withShape(Shape other) {
        return new TensorType(dtype, other);
    }

    /** For example {@code f32[8, 256]}. */
    @Override
    public String toString() {
        String name = switch (dtype) {
            case FLOAT32 -> "f32";
            case FLOAT64 -> "f64";
            case INT32 -> "i32";
            case BOOL -> "bool";
        };
        return name + shape;
    }
}
