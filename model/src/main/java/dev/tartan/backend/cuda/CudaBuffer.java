package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Places;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A tensor's place in a {@link CudaArena}. */
final class CudaBuffer implements Buffer {
    /** What goes through memory of the JVM at once. */
    private static final int PIECE_BYTES = 64 << 20;

    private final CudaArena arena;
    private final TensorType type;
    private final long offsetBytes;

    /** Between an array of Java's and bytes. */
    @FunctionalInterface
    private interface Transfer {
        void run(ByteBuffer bytes, int first, int count);
    }

    CudaBuffer(CudaArena arena, TensorType type, long offsetBytes) {
        this.arena = arena;
        this.type = type;
        this.offsetBytes = offsetBytes;
    }

    /** The device whose memory, or whose pinned memory, this is. */
    CudaDevice device() {
        return arena.device();
    }

    /** As the kernels see it. */
    DeviceTensor tensor() {
        return DeviceTensor.of(type, address());
    }

    static CudaBuffer of(Buffer buffer) {
        if (buffer instanceof CudaBuffer cuda) {
            return cuda;
        }
        throw new IllegalArgumentException(
                "buffer is not of a CUDA device: buffer=" + buffer + ". Allocate it on the device that works on it.");
    }

    @Override
    public TensorType type() {
        return type;
    }

    @Override
    public long offsetBytes() {
        return offsetBytes;
    }

    @Override
    public Buffer as(TensorType other) {
        Places.requireSameSize(type, other);
        return new CudaBuffer(arena, other, offsetBytes);
    }

    @Override
    public Buffer part(long firstElement, long numElements) {
        TensorType part = Places.part(this, firstElement, numElements);
        return new CudaBuffer(
                arena, part, offsetBytes + firstElement * type.dtype().bytes());
    }

    @Override
    public MemorySpace space() {
        return arena.space();
    }

    @Override
    public long address() {
        return arena.address(offsetBytes);
    }

    @Override
    public ByteBuffer hostBytes() {
        if (!space().isHost() || type.bytes() > Integer.MAX_VALUE) {
            throw new UnsupportedOperationException("buffer cannot be a Java buffer: buffer=" + this + ", space="
                    + space() + ". Use address() or copy.");
        }
        return device().driver().hostBytes(address(), (int) type.bytes());
    }

    @Override
    public void copyFrom(Buffer other) {
        requireSame(other);
        device().copyNow(CudaBuffer.of(other), this);
    }

    /** Checks that another tensor can be copied here. */
    void requireSame(Buffer from) {
        if (!(from instanceof CudaBuffer) || !from.type().equals(type)) {
            throw new IllegalArgumentException("buffer cannot be copied here: from=" + from + ", to=" + this
                    + ". Copy a tensor of the same type and backend.");
        }
    }

    @Override
    public void write(float[] values) {
        write(
                DType.FLOAT32,
                values.length,
                (bytes, first, count) -> bytes.asFloatBuffer().put(values, first, count));
    }

    @Override
    public void write(double[] values) {
        write(
                DType.FLOAT64,
                values.length,
                (bytes, first, count) -> bytes.asDoubleBuffer().put(values, first, count));
    }

    @Override
    public void write(int[] values) {
        write(
                DType.INT32,
                values.length,
                (bytes, first, count) -> bytes.asIntBuffer().put(values, first, count));
    }

    @Override
    public void write(short[] bits) {
        write(
                half(),
                bits.length,
                (bytes, first, count) -> bytes.asShortBuffer().put(bits, first, count));
    }

    /** The type of 16 bits that this has, or one that it has not. */
    private DType half() {
        return type.dtype().isHalf() ? type.dtype() : DType.BFLOAT16;
    }

    @Override
    public void write(byte[] values) {
        write(
                DType.BOOL,
                values.length,
                (bytes, first, count) -> bytes.duplicate().put(values, first, count));
    }

    @Override
    public void read(float[] into) {
        read(
                DType.FLOAT32,
                into.length,
                (bytes, first, count) -> bytes.asFloatBuffer().get(into, first, count));
    }

    @Override
    public void read(double[] into) {
        read(
                DType.FLOAT64,
                into.length,
                (bytes, first, count) -> bytes.asDoubleBuffer().get(into, first, count));
    }

    @Override
    public void read(int[] into) {
        read(
                DType.INT32,
                into.length,
                (bytes, first, count) -> bytes.asIntBuffer().get(into, first, count));
    }

    @Override
    public void read(short[] into) {
        read(half(), into.length, (bytes, first, count) -> bytes.asShortBuffer().get(into, first, count));
    }

    @Override
    public void read(byte[] into) {
        read(DType.BOOL, into.length, (bytes, first, count) -> bytes.duplicate().get(into, first, count));
    }

    private void write(DType dtype, int length, Transfer fill) {
        inPieces(dtype, length, (bytes, first, count) -> {
            fill.run(bytes, first, count);
            device().driver().write(address() + (long) first * dtype.bytes(), bytes);
        });
    }

    private void read(DType dtype, int length, Transfer take) {
        inPieces(dtype, length, (bytes, first, count) -> {
            device().driver().read(bytes, address() + (long) first * dtype.bytes());
            take.run(bytes.clear().limit(count * dtype.bytes()), first, count);
        });
    }

    private void inPieces(DType dtype, int length, Transfer transfer) {
        if (dtype != type.dtype() || length != type.shape().numElements()) {
            throw new IllegalArgumentException("array does not match the buffer: buffer=" + this + ", array=" + dtype
                    + "[" + length + "]. Use the buffer's element type and number of elements.");
        }
        int most = PIECE_BYTES / dtype.bytes();
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(most, length) * dtype.bytes())
                .order(ByteOrder.nativeOrder());
        for (int first = 0; first < length; first += most) {
            int count = Math.min(most, length - first);
            transfer.run(piece.clear().limit(count * dtype.bytes()), first, count);
        }
    }

    /** For example {@code f32[8, 256] at 4096}. */
    @Override
    public String toString() {
        return type + " at " + offsetBytes + " of " + arena;
    }
}
