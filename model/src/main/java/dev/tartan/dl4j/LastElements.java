package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;

/** Where the last elements of a parameter are, in row-major order. */
final class LastElements {
    private LastElements() {}

    /**
     * Booleans of the shape of {@code value}, true for the last {@code count} elements.
     *
     * @throws IllegalArgumentException if ZeRO keeps the parameter in another shape
     */
    static Tensor of(Param declared, Tensor value, long count) {
        int numDims = declared.shape().numDims();
        if (value.numDims() != numDims) {
            throw new IllegalArgumentException("DL4J's regularization of this layer needs a parameter as it is"
                    + " declared, and ZeRO keeps it in another shape: parameter=" + declared.name() + ", shape="
                    + declared.shape() + ", kept=" + value.shape()
                    + ". Use zero stage 0, or Dl4jOptions.correctly.");
        }
        TensorType numbers = new TensorType(DType.INT32, value.shape());
        Tensor index = value.iota(numbers, numDims - 1);
        long stride = declared.shape().dim(numDims - 1);
        for (int dim = numDims - 2; dim >= 0; dim--) {
            index = index.add(value.iota(numbers, dim).mul((double) stride));
            stride *= declared.shape().dim(dim);
        }
        return index.greaterEqual((double) (declared.shape().numElements() - count));
    }
}
