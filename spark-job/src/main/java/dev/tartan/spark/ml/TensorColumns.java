package dev.tartan.spark.ml;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;

/**
 * Columns of any outputs: numbers, or arrays nested as deep as an output has dims, of floats or integers.
 *
 * @param outputs of the columns
 */
record TensorColumns(List<StructField> fields, List<String> outputs) implements OutputColumns {
    private static final long serialVersionUID = 1;

    TensorColumns {
        fields = new ArrayList<>(fields);
        outputs = new ArrayList<>(outputs);
    }

    /** The column of an output, given what one sample has. */
    static StructField field(String name, TensorType sample) {
        DataType type = sample.dtype() == DType.INT32 ? DataTypes.IntegerType : DataTypes.FloatType;
        for (int dim = 0; dim < sample.shape().numDims(); dim++) {
            type = DataTypes.createArrayType(type, false);
        }
        return new StructField(name, type, false, Metadata.empty());
    }

    @Override
    public String output(int column) {
        return outputs.get(column);
    }

    @Override
    public Object value(int column, Map<String, HostTensor> values, int row) {
        HostTensor tensor = Objects.requireNonNull(values.get(outputs.get(column)));
        long[] dims = tensor.shape().dims();
        int length = Math.toIntExact(tensor.shape().numElements() / dims[0]);
        return value(tensor, dims, 1, row * length, length);
    }

    private static Object value(HostTensor tensor, long[] dims, int dim, int start, int length) {
        boolean integers = tensor.dtype() == DType.INT32;
        if (dim == dims.length) {
            if (integers) {
                return tensor.ints()[start];
            }
            return tensor.floats()[start];
        }
        if (dim == dims.length - 1) {
            return integers
                    ? UnsafeArrayData.fromPrimitiveArray(Arrays.copyOfRange(tensor.ints(), start, start + length))
                    : UnsafeArrayData.fromPrimitiveArray(Arrays.copyOfRange(tensor.floats(), start, start + length));
        }
        Object[] parts = new Object[Math.toIntExact(dims[dim])];
        int part = parts.length == 0 ? 0 : length / parts.length;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = value(tensor, dims, dim + 1, start + i * part, part);
        }
        return new GenericArrayData(parts);
    }
}
