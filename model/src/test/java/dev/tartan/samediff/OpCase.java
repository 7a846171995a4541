package dev.tartan.samediff;

import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A small graph around one op, in double precision. Its parts are made so that a gradient goes through every operand
 * that has one.
 */
record OpCase(String name, Function<Parts, SDVariable> output) {
    /** Samples of a batch. */
    static final int BATCH = 4;

    /** Makes parts of a graph whose numbers depend on their place alone. */
    static final class Parts {
        final SameDiff sd = SameDiff.create();
        private int count;

        /** A batch {@code [4, dims]} times a parameter {@code [dims]}, of either sign and up to about 2. */
        SDVariable x(long... dims) {
            return floats(dims).mul(w(dims));
        }

        /** As {@link #x}, between about 0.3 and 2. */
        SDVariable positive(long... dims) {
            return sd.math.abs(x(dims)).mul(0.7).add(0.3);
        }

        /** A batch {@code [4, dims]} of numbers. */
        SDVariable floats(long... dims) {
            long[] all = new long[dims.length + 1];
            all[0] = BATCH;
            System.arraycopy(dims, 0, all, 1, dims.length);
            return sd.placeHolder("float" + count++, DataType.DOUBLE, all);
        }

        /** A batch {@code [4, dims]} of integers from 0 to 2. */
        SDVariable ints(long... dims) {
            long[] all = new long[dims.length + 1];
            all[0] = BATCH;
            System.arraycopy(dims, 0, all, 1, dims.length);
            return sd.placeHolder("int" + count++, DataType.INT32, all);
        }

        /** A parameter. */
        SDVariable w(long... dims) {
            return sd.var("w" + count, numbers(count++, dims));
        }

        /** A constant. */
        SDVariable constant(long... dims) {
            return sd.constant("c" + count, numbers(count++, dims));
        }

        /** The value of a placeholder made here. */
        INDArray value(SDVariable placeholder) {
            long[] dims = placeholder.placeholderShape();
            int seed = 100 + Integer.parseInt(placeholder.name().replaceAll("\\D", ""));
            INDArray numbers = numbers(seed, dims);
            if (placeholder.dataType() != DataType.INT32) {
                return numbers;
            }
            INDArray integers = Nd4j.create(DataType.INT32, dims);
            for (long i = 0; i < integers.length(); i++) {
                integers.putScalar(i, (int) (Math.abs(numbers.getDouble(i)) * 1000) % 3);
            }
            return integers;
        }

        /** Numbers of either sign between 0.05 and 1.5 in size, no two alike. */
        static INDArray numbers(int seed, long... dims) {
            INDArray array = Nd4j.create(DataType.DOUBLE, dims);
            for (long i = 0; i < array.length(); i++) {
                double t = (i + 1) * 0.6180339887 + seed * 0.7548776662;
                double size = 0.05 + 1.45 * (t - Math.floor(t));
                array.putScalar(i, ((i * 7 + seed) % 3) == 0 ? -size : size);
            }
            return array;
        }
    }
}
