package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Fill;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A constant of a graph as a tensor: one repeated value, or what a frozen parameter holds, in its element type. */
record ConstantTensor(String name, INDArray value) {
    /** A float holds integers up to this exactly. */
    private static final double LARGEST_INTEGER = 1 << 24;

    /** Whether all elements are equal, so that no parameter is needed. */
    boolean isUniform() {
        if (value.length() <= 1) {
            return true;
        }
        INDArray numbers = numbers();
        return numbers.maxNumber().doubleValue() == numbers.minNumber().doubleValue();
    }

    private INDArray numbers() {
        return value.castTo(DataType.DOUBLE);
    }

    Shape shape() {
        return Shape.shape(value.shape());
    }

    /**
     * The tensor, in the graph of {@code any}.
     *
     * @param held the float tensor of the frozen parameter, asked for if elements differ
     * @throws IllegalArgumentException if elements are of no type that Tartan has, or integers too large for floats
     */
    Tensor on(Tensor any, Supplier<Tensor> held) {
        DataType type = value.dataType();
        if (!type.isNumerical() && type != DataType.BOOL) {
            throw new IllegalArgumentException(
                    "needs a constant of a type that is not known: constant=" + name + ", type=" + type);
        }
        DType dtype = type.isFPType() ? any.dtype() : type == DataType.BOOL ? DType.BOOL : DType.INT32;
        if (isUniform()) {
            double number = value.isEmpty() ? 0 : numbers().getDouble(0);
            Fill fill = new Fill(new TensorType(dtype, shape()), number);
            return Tensor.of(any.graph(), any.graph().apply(fill, List.of()).get(0));
        }
        double largest = numbers().amaxNumber().doubleValue();
        if (type.isIntType() && largest > LARGEST_INTEGER) {
            throw new IllegalArgumentException(
                    "needs a constant of integers too large for floats: constant=" + name + ", largest=" + largest);
        }
        Tensor numbers = held.get();
        return dtype == DType.BOOL ? numbers.notEqualTo(numbers.scalar(0)) : numbers.cast(dtype);
    }
}
