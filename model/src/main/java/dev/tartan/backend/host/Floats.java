package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * A tensor of float32 or of 16-bit floats as kernels see it: in float32. 16-bit elements are converted when they are
 * read, tile by tile, and rounded when they are written. For any number of threads.
 */
abstract class Floats {
    /** The elements of a buffer in host memory. */
    static Floats of(Buffer buffer) {
        DType dtype = buffer.type().dtype();
        return dtype == DType.FLOAT32
                ? new Singles(buffer.hostBytes().asFloatBuffer())
                : new Halves(buffer.hostBytes().asShortBuffer(), dtype);
    }

    /** Whether tensors of this type can be seen so. */
    static boolean accepts(DType dtype) {
        return dtype == DType.FLOAT32 || dtype.isHalf();
    }

    /** Number of elements. */
    abstract int capacity();

    abstract float get(int index);

    abstract void put(int index, float value);

    /** Reads {@code n} elements from {@code start} on into an array from {@code at} on. */
    abstract void get(int start, float[] into, int at, int n);

    /** Writes {@code n} elements of an array from {@code at} on to {@code start} and on. */
    abstract void put(int start, float[] from, int at, int n);

    private static final class Singles extends Floats {
        private final FloatBuffer elements;

        Singles(FloatBuffer elements) {
            this.elements = elements;
        }

        @Override
        int capacity() {
            return elements.capacity();
        }

        @Override
        float get(int index) {
            return elements.get(index);
        }

        @Override
        void put(int index, float value) {
            elements.put(index, value);
        }

        @Override
        void get(int start, float[] into, int at, int n) {
            elements.get(start, into, at, n);
        }

        @Override
        void put(int start, float[] from, int at, int n) {
            elements.put(start, from, at, n);
        }
    }

    private static final class Halves extends Floats {
        private final ShortBuffer elements;
        private final boolean isBfloat;

        Halves(ShortBuffer elements, DType dtype) {
            this.elements = elements;
            this.isBfloat = dtype == DType.BFLOAT16;
        }

        @Override
        int capacity() {
            return elements.capacity();
        }

        @Override
        float get(int index) {
            short bits = elements.get(index);
            return isBfloat ? HalfPrecision.bfloat16(bits) : HalfPrecision.float16(bits);
        }

        @Override
        void put(int index, float value) {
            elements.put(index, isBfloat ? HalfPrecision.toBfloat16(value) : HalfPrecision.toFloat16(value));
        }

        @Override
        void get(int start, float[] into, int at, int n) {
            short[] bits = Tile.halves(n);
            elements.get(start, bits, 0, n);
            if (isBfloat) {
                HalfPrecision.widenBfloat16(bits, into, at, n);
            } else {
                HalfPrecision.widenFloat16(bits, into, at, n);
            }
        }

        @Override
        void put(int start, float[] from, int at, int n) {
            short[] bits = Tile.halves(n);
            if (isBfloat) {
                HalfPrecision.narrowToBfloat16(from, at, bits, n);
            } else {
                HalfPrecision.narrowToFloat16(from, at, bits, n);
            }
            elements.put(start, bits, 0, n);
        }
    }
}
