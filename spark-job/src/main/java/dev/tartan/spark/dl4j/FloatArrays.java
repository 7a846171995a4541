package dev.tartan.spark.dl4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The elements of ND4J's arrays as floats. */
final class FloatArrays {
    private FloatArrays() {}

    /** All elements in row-major order, whatever the array's type and strides. */
    static float[] of(INDArray array) {
        INDArray floats = array.dataType() == DataType.FLOAT ? array : array.castTo(DataType.FLOAT);
        INDArray own = floats.dup('c');
        float[] values = new float[Math.toIntExact(own.length())];
        own.data().asNioFloat().get(values);
        own.close();
        return values;
    }
}
