package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;

/**
 * An array in memory that kernels work on, between two guards: what is written past its ends is found, what is read
 * there is NaN or -1. It begins at a multiple of 64 bytes, or some elements after one.
 */
final class GuardedArray implements AutoCloseable {
    private static final int GUARD_BYTES = 128;
    private static final byte GUARD = (byte) 0xff;
    private static final int ALIGNMENT_BYTES = 64;

    private final CudaType type;
    private final int count;
    private final BytePointer memory;
    private final long address;
    private final ByteBuffer all;
    private final int start;

    private GuardedArray(CudaType type, int count, int shift) {
        this.type = type;
        this.count = count;
        int bytes = count * type.bytes();
        memory = new BytePointer(bytes + 2L * GUARD_BYTES + ALIGNMENT_BYTES + (long) shift * type.bytes());
        memory.fill(GUARD);
        long first = memory.address() + GUARD_BYTES;
        first = (first + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES + (long) shift * type.bytes();
        address = first;
        start = (int) (first - memory.address());
        all = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Rounded to the type. */
    static GuardedArray of(CudaType type, double... values) {
        return shifted(type, 0, values);
    }

    /** Begins {@code shift} elements after a multiple of 64 bytes. */
    static GuardedArray shifted(CudaType type, int shift, double... values) {
        GuardedArray array = new GuardedArray(type, values.length, shift);
        array.write(values);
        return array;
    }

    /** Not written yet. */
    static GuardedArray empty(CudaType type, int count) {
        return new GuardedArray(type, count, 0);
    }

    static GuardedArray emptyShifted(CudaType type, int shift, int count) {
        return new GuardedArray(type, count, shift);
    }

    long address() {
        return address;
    }

    int count() {
        return count;
    }

    CudaType type() {
        return type;
    }

    void write(double... values) {
        for (int i = 0; i < count; i++) {
            int at = start + i * type.bytes();
            switch (type) {
                case FLOAT32 -> all.putFloat(at, (float) values[i]);
                case FLOAT64 -> all.putDouble(at, values[i]);
                case BFLOAT16 -> all.putShort(at, HalfPrecision.toBfloat16((float) values[i]));
                case INT32 -> all.putInt(at, (int) values[i]);
                case BOOL -> all.put(at, (byte) values[i]);
                case FLOAT16 -> throw new IllegalArgumentException("write bits instead");
            }
        }
    }

    /** Elements of 16 bits. */
    void writeBits(short... bits) {
        for (int i = 0; i < count; i++) {
            all.putShort(start + i * Short.BYTES, bits[i]);
        }
    }

    short bits(int index) {
        return all.getShort(start + index * Short.BYTES);
    }

    /** The elements, after a look at the guards. */
    double[] read() {
        checkGuards();
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            int at = start + i * type.bytes();
            values[i] = switch (type) {
                case FLOAT32 -> all.getFloat(at);
                case FLOAT64 -> all.getDouble(at);
                case BFLOAT16 -> HalfPrecision.bfloat16(all.getShort(at));
                case INT32 -> all.getInt(at);
                case BOOL -> all.get(at);
                case FLOAT16 -> all.getShort(at);
            };
        }
        return values;
    }

    /** The bytes of all elements, after a look at the guards. */
    byte[] readBytes() {
        checkGuards();
        byte[] bytes = new byte[count * type.bytes()];
        all.duplicate().position(start).get(bytes);
        return bytes;
    }

    void writeBytes(byte[] bytes) {
        all.duplicate().position(start).put(bytes);
    }

    /** Forgets what was written. */
    void clear() {
        byte[] bytes = new byte[count * type.bytes()];
        Arrays.fill(bytes, GUARD);
        writeBytes(bytes);
    }

    private void checkGuards() {
        int end = start + count * type.bytes();
        for (int i = 0; i < all.capacity(); i++) {
            if (i < start || i >= end) {
                assertThat(all.get(i))
                        .as("byte at %s of %s elements of %s", i - start, count, type)
                        .isEqualTo(GUARD);
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
