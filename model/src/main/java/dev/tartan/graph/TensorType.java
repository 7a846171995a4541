package dev.tartan.graph;

import dev.tartan.mesh.Shape;

/** Element type and shape of a tensor, which has at the most {@link #MAX_BYTES}. */
public record TensorType(DType dtype, Shape shape) {
    /** The memory of some 100,000 devices. Sizes and costs of larger tensors would overflow a long. */
    public static final long MAX_BYTES = 1L << 53;

    /**
     * Makes the type.
     *
     * @throws IllegalArgumentException if the tensor is larger than any devices could hold
     */
    public TensorType {
        if (shape.numElements() > MAX_BYTES / dtype.bytes()) {
            throw new IllegalArgumentException("tensor is larger than any devices could hold: shape=" + shape
                    + ", bytesPerElement=" + dtype.bytes() + ", maxBytes=" + MAX_BYTES
                    + ". Lower the sizes of the network or the batch.");
        }
    }

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
            case BFLOAT16 -> "bf16";
            case FLOAT16 -> "f16";
            case INT32 -> "i32";
            case BOOL -> "bool";
        };
        return name + shape;
    }
}
