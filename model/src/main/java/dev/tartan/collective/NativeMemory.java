package dev.tartan.collective;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Bulk copies between native memory and Java arrays. Addresses are not checked: a wrong one ends the process.
 *
 * <p>Goes through constant method handles on {@code sun.misc.Unsafe}: naming the class itself is a compiler warning
 * that cannot be suppressed, and the handles inline to the same code.
 */
public final class NativeMemory {
    /** Length of a processor's cache line. */
    public static final int LINE_BYTES = 64;

    private static final MethodHandle COPY;
    private static final long BUFFER_ADDRESS_OFFSET;
    private static final long BUFFER_CAPACITY_OFFSET;
    private static final MethodHandle GET_LONG;
    private static final MethodHandle PUT_LONG;
    private static final MethodHandle PUT_INT;
    private static final MethodHandle GET_LONG_VOLATILE;
    private static final MethodHandle PUT_LONG_VOLATILE;
    private static final MethodHandle SET_MEMORY;
    private static final long BYTES;
    private static final long FLOATS;
    private static final long DOUBLES;
    private static final long INTS;
    private static final long SHORTS;

    static {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            Object unsafe = field.get(null);
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            COPY = lookup.unreflect(type.getMethod(
                            "copyMemory", Object.class, long.class, Object.class, long.class, long.class))
                    .bindTo(unsafe);
            GET_LONG = lookup.unreflect(type.getMethod("getLong", Object.class, long.class))
                    .bindTo(unsafe);
            PUT_LONG = lookup.unreflect(type.getMethod("putLong", Object.class, long.class, long.class))
                    .bindTo(unsafe);
            PUT_INT = lookup.unreflect(type.getMethod("putInt", Object.class, long.class, int.class))
                    .bindTo(unsafe);
            GET_LONG_VOLATILE = lookup.unreflect(type.getMethod("getLongVolatile", Object.class, long.class))
                    .bindTo(unsafe);
            PUT_LONG_VOLATILE = lookup.unreflect(
                            type.getMethod("putLongVolatile", Object.class, long.class, long.class))
                    .bindTo(unsafe);
            SET_MEMORY = lookup.unreflect(type.getMethod("setMemory", long.class, long.class, byte.class))
                    .bindTo(unsafe);
            BUFFER_CAPACITY_OFFSET = (long) type.getMethod("objectFieldOffset", Field.class)
                    .invoke(unsafe, Buffer.class.getDeclaredField("capacity"));
            BUFFER_ADDRESS_OFFSET = (long) type.getMethod("objectFieldOffset", Field.class)
                    .invoke(unsafe, Buffer.class.getDeclaredField("address"));
            BYTES = type.getField("ARRAY_BYTE_BASE_OFFSET").getInt(null);
            FLOATS = type.getField("ARRAY_FLOAT_BASE_OFFSET").getInt(null);
            DOUBLES = type.getField("ARRAY_DOUBLE_BASE_OFFSET").getInt(null);
            INTS = type.getField("ARRAY_INT_BASE_OFFSET").getInt(null);
            SHORTS = type.getField("ARRAY_SHORT_BASE_OFFSET").getInt(null);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private NativeMemory() {}

    /** Copies bytes; the two ranges may overlap. */
    public static void copy(long from, long to, long bytes) {
        copy(null, from, null, to, bytes);
    }

    /** Fills the first {@code count} elements of an array from memory. */
    public static void read(long from, float[] to, int count) {
        copy(null, from, to, FLOATS, (long) count * Float.BYTES);
    }

    /** Fills the first {@code count} elements of an array from memory. */
    public static void read(long from, double[] to, int count) {
        copy(null, from, to, DOUBLES, (long) count * Double.BYTES);
    }

    /** Fills the first {@code count} elements of an array from memory. */
    public static void read(long from, int[] to, int count) {
        copy(null, from, to, INTS, (long) count * Integer.BYTES);
    }

    /** Fills the first {@code count} elements of an array from memory. */
    public static void read(long from, short[] to, int count) {
        copy(null, from, to, SHORTS, (long) count * Short.BYTES);
    }

    /** Fills the first {@code count} elements of an array from memory. */
    public static void read(long from, byte[] to, int count) {
        copy(null, from, to, BYTES, count);
    }

    /** Writes the first {@code count} elements of an array to memory. */
    public static void write(byte[] from, long to, int count) {
        copy(from, BYTES, null, to, count);
    }

    /** Writes the first {@code count} elements of an array to memory. */
    public static void write(float[] from, long to, int count) {
        copy(from, FLOATS, null, to, (long) count * Float.BYTES);
    }

    /** Writes the first {@code count} elements of an array to memory. */
    public static void write(double[] from, long to, int count) {
        copy(from, DOUBLES, null, to, (long) count * Double.BYTES);
    }

    /** Writes the first {@code count} elements of an array to memory. */
    public static void write(int[] from, long to, int count) {
        copy(from, INTS, null, to, (long) count * Integer.BYTES);
    }

    /** Writes the first {@code count} elements of an array to memory. */
    public static void write(short[] from, long to, int count) {
        copy(from, SHORTS, null, to, (long) count * Short.BYTES);
    }

    /** Copies the first {@code count} elements as {@link Float#intBitsToFloat} would, which no loop does as fast. */
    public static void copyBits(int[] from, float[] to, int count) {
        copy(from, INTS, to, FLOATS, (long) count * Integer.BYTES);
    }

    /** Copies the first {@code count} elements as {@link Float#floatToRawIntBits} would, which no loop does as fast. */
    public static void copyBits(float[] from, int[] to, int count) {
        copy(from, FLOATS, to, INTS, (long) count * Integer.BYTES);
    }

    /**
     * Allocates a direct buffer that begins at a cache line. The kernel copies to and from sockets by whole vectors: an
     * all-reduce over TCP took 1.3 times as long in memory that begins 16 bytes after a line, as
     * {@link ByteBuffer#allocateDirect} gives it out, on an AMD Zen 5.
     */
    public static ByteBuffer allocate(int bytes) {
        // An aligned slice ends at a line, too.
        ByteBuffer lines = ByteBuffer.allocateDirect(Math.addExact(bytes, 2 * LINE_BYTES));
        return lines.alignedSlice(LINE_BYTES).slice(0, bytes);
    }

    /**
     * A direct buffer to be {@link #place placed} over any memory, again and again, so that a socket reads and writes
     * that memory itself and nothing is allocated. It keeps no memory reachable.
     */
    public static ByteBuffer window() {
        ByteBuffer window = ByteBuffer.allocateDirect(1).duplicate();
        try {
            PUT_INT.invokeExact((Object) window, BUFFER_CAPACITY_OFFSET, Integer.MAX_VALUE);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        return window;
    }

    /** Lays a {@link #window} over {@code bytes} bytes at an address, all of them remaining. */
    public static void place(ByteBuffer window, long address, int bytes) {
        try {
            PUT_LONG.invokeExact((Object) window, BUFFER_ADDRESS_OFFSET, address);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        window.clear().limit(bytes);
    }

    /** Reads a number that another process may be writing; later reads see at least what that process wrote before. */
    public static long getVolatile(long address) {
        try {
            return (long) GET_LONG_VOLATILE.invokeExact((Object) null, address);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Writes a number for another process, after all that was written before; what is read later is read after it. */
    public static void putVolatile(long address, long value) {
        try {
            PUT_LONG_VOLATILE.invokeExact((Object) null, address, value);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Fills memory with zeros. */
    public static void clear(long address, long bytes) {
        try {
            SET_MEMORY.invokeExact(address, bytes, (byte) 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long addressOf(ByteBuffer direct) {
        try {
            return (long) GET_LONG.invokeExact((Object) direct, BUFFER_ADDRESS_OFFSET);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static void copy(@Nullable Object fromBase, long from, @Nullable Object toBase, long to, long bytes) {
        try {
            COPY.invokeExact(fromBase, from, toBase, to, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException runtime ? runtime : new IllegalStateException(thrown);
    }
}
