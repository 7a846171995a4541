package dev.tartan.backend.cuda;

import dev.tartan.graph.HalfPrecision;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** Products of matrices by plain loops; sums are double, as what is to be seen is not their rounding. */
final class HostProducts {
    private HostProducts() {}

    /** A pointer to memory of somebody else. */
    static BytePointer at(long address) {
        return new BytePointer(new AddressOnly(address));
    }

    private static final class AddressOnly extends Pointer {
        AddressOnly(long address) {
            this.address = address;
        }
    }

    static void run(BoundProduct bound) {
        MatrixProduct product = bound.product();
        long a = bound.a();
        long b = bound.b();
        long c = bound.c();
        int batch = Math.toIntExact(product.batch());
        int rows = Math.toIntExact(product.rows());
        int columns = Math.toIntExact(product.columns());
        int inner = Math.toIntExact(product.inner());
        int leftStep = product.sharesA() ? 0 : rows * inner;
        double[] left = read(product.type(), a, product.sharesA() ? rows * inner : batch * rows * inner);
        double[] right = read(product.type(), b, batch * inner * columns);
        int count = batch * rows * columns;
        double[] out = product.adds() ? read(product.resultType(), c, count) : new double[count];
        for (int n = 0; n < batch; n++) {
            for (int i = 0; i < rows; i++) {
                for (int k = 0; k < inner; k++) {
                    double x = left[n * leftStep + (product.aTransposed() ? k * rows + i : i * inner + k)];
                    for (int j = 0; j < columns; j++) {
                        int at = product.bTransposed() ? j * inner + k : k * columns + j;
                        out[(n * rows + i) * columns + j] += x * right[n * inner * columns + at];
                    }
                }
            }
        }
        switch (product.epilogue()) {
            case NONE -> {}
            case BIAS -> addToRows(out, read(product.resultType(), bound.vector(), columns));
            case SUM_OF_A -> write(product.resultType(), bound.vector(), sums(left, rows, !product.aTransposed()));
            case SUM_OF_B -> write(product.resultType(), bound.vector(), sums(right, columns, product.bTransposed()));
        }
        write(product.resultType(), c, out);
    }

    private static void addToRows(double[] matrix, double[] row) {
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] += row[i % row.length];
        }
    }

    /** The sums of {@code count} rows or columns of a matrix in row-major order. */
    private static double[] sums(double[] matrix, int count, boolean ofRows) {
        double[] sums = new double[count];
        for (int i = 0; i < matrix.length; i++) {
            sums[ofRows ? i / (matrix.length / count) : i % count] += matrix[i];
        }
        return sums;
    }

    private static double[] read(CudaType type, long address, int count) {
        double[] values = new double[count];
        if (type == CudaType.FLOAT64) {
            new DoublePointer(at(address)).get(values);
            return values;
        }
        if (type == CudaType.BFLOAT16) {
            short[] halves = new short[count];
            new ShortPointer(at(address)).get(halves);
            for (int i = 0; i < count; i++) {
                values[i] = HalfPrecision.bfloat16(halves[i]);
            }
            return values;
        }
        float[] floats = new float[count];
        requireFloat(type);
        new FloatPointer(at(address)).get(floats);
        for (int i = 0; i < count; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    private static void write(CudaType type, long address, double[] values) {
        if (type == CudaType.FLOAT64) {
            new DoublePointer(at(address)).put(values);
            return;
        }
        if (type == CudaType.BFLOAT16) {
            short[] halves = new short[values.length];
            for (int i = 0; i < values.length; i++) {
                // float first, as sums are there
                halves[i] = HalfPrecision.toBfloat16((float) values[i]);
            }
            new ShortPointer(at(address)).put(halves);
            return;
        }
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        new FloatPointer(at(address)).put(floats);
    }

    private static void requireFloat(CudaType type) {
        if (type != CudaType.FLOAT32) {
            throw new UnsupportedOperationException("products of this type are not tested: type=" + type);
        }
    }
}
