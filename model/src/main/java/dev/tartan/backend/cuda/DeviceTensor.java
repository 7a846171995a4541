package dev.tartan.backend.cuda;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;

/** A tensor in row-major order without gaps, at an address of the device; 0 where only its type matters. */
record DeviceTensor(CudaType type, Shape shape, long address) {
    /** How the kernels see a tensor of this type. */
    static DeviceTensor of(TensorType type, long address) {
        return new DeviceTensor(typeOf(type), type.shape(), address);
    }

    /** The kernels' name of the element type. */
    static CudaType typeOf(TensorType type) {
        return CudaType.valueOf(type.dtype().name());
    }

    /** Number of elements. */
    long count() {
        return shape.numElements();
    }

    /** Size of the last dim, or 1. */
    long width() {
        return shape.numDims() == 0 ? 1 : shape.dim(-1);
    }

    /** Number of rows of the last dim, for a tensor that is not empty. */
    long rows() {
        return count() / width();
    }
}
