package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Places;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** A tensor's place in an {@link Nd4jArena}. */
final class Nd4jBuffer implements Buffer {
    /** The parts of a cudaMemcpyKind, of which HostToDevice is 1, DeviceToHost 2 and DeviceToDevice 3. */
    private static final int CUDA_TO_DEVICE = 1;

    private static final int CUDA_FROM_DEVICE = 2;

    private final Nd4jArena arena;
    private final TensorType type;
    private final long offsetBytes;

    Nd4jBuffer(Nd4jArena arena, TensorType type, long offsetBytes) {
        this.arena = arena;
        this.type = type;
        this.offsetBytes = offsetBytes;
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
        return new Nd4jBuffer(arena, other, offsetBytes);
    }

    @Override
    public Buffer part(long firstElement, long numElements) {
        TensorType part = Places.part(this, firstElement, numElements);
        return new Nd4jBuffer(
                arena, part, offsetBytes + firstElement * type.dtype().bytes());
    }

    @Override
    public MemorySpace space() {
        return arena.space();
    }

    @Override
    public long address() {
        return arena.pointer(offsetBytes).address();
    }

    @Override
    public ByteBuffer hostBytes() {
        if (!space().isHost() || type.bytes() > Integer.MAX_VALUE) {
            throw new UnsupportedOperationException("buffer cannot be a Java buffer: buffer=" + this + ", space="
                    + space() + ". Use address() or copy.");
        }
        // The arena's allocation outlives all kernels, so nothing needs to keep the pointer reachable.
        return new BytePointer(arena.pointer(offsetBytes))
                .capacity(type.bytes())
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    /** The tensor as ND4J sees it. */
    INDArray array() {
        return array(type.shape().dims());
    }

    /** The elements under another shape. */
    INDArray array(long... dims) {
        return view(0, dims, rowMajorStrides(dims));
    }

    /** The elements in one dim. */
    INDArray flat() {
        return array(numElements());
    }

    /** Some of the elements; {@code strides} and {@code start} count elements. */
    INDArray view(long start, long[] dims, long[] strides) {
        long span = 1;
        for (int i = 0; i < dims.length; i++) {
            span += (dims[i] - 1) * strides[i];
        }
        Pointer pointer = arena.pointer(offsetBytes + start * type.dtype().bytes());
        // A second, null pointer says that there is no copy on the other side (host or device).
        DataBuffer data = arena.space().isHost()
                ? Nd4j.createBuffer(pointer, new Pointer(), span, nd4jType(type.dtype()))
                : Nd4j.createBuffer(new Pointer(), pointer, span, nd4jType(type.dtype()));
        return Nd4j.create(data, dims, strides, 0, 'c');
    }

    long numElements() {
        return type.shape().numElements();
    }

    @Override
    public void copyFrom(Buffer other) {
        if (!(other instanceof Nd4jBuffer from) || !other.type().equals(type)) {
            throw new IllegalArgumentException("buffer cannot be copied here: from=" + other + ", to=" + this
                    + ". Copy a tensor of the same type and backend.");
        }
        Pointer source = from.arena.pointer(from.offsetBytes);
        Pointer target = arena.pointer(offsetBytes);
        if (space().isHost() && from.space().isHost()) {
            Pointer.memcpy(target, source, type.bytes());
            return;
        }
        // Kernels may still be writing the source.
        Nd4j.getExecutioner().commit();
        int direction = (from.space().isHost() ? 0 : CUDA_FROM_DEVICE) + (space().isHost() ? 0 : CUDA_TO_DEVICE);
        int done = NativeOpsHolder.getInstance()
                .getDeviceNativeOps()
                .memcpySync(target, source, type.bytes(), direction, new Pointer());
        if (done == 0) {
            throw new IllegalStateException("copy between device and host failed: from=" + from + ", to=" + this);
        }
    }

    @Override
    public void write(float[] values) {
        check(DType.FLOAT32, values.length);
        if (values.length > 0 && space().isHost()) {
            new FloatPointer(arena.pointer(offsetBytes)).put(values);
        } else if (values.length > 0) {
            flat().assign(Nd4j.createFromArray(values));
        }
    }

    @Override
    public void write(double[] values) {
        check(DType.FLOAT64, values.length);
        if (values.length > 0 && space().isHost()) {
            new DoublePointer(arena.pointer(offsetBytes)).put(values);
        } else if (values.length > 0) {
            flat().assign(Nd4j.createFromArray(values));
        }
    }

    @Override
    public void write(int[] values) {
        check(DType.INT32, values.length);
        if (values.length > 0 && space().isHost()) {
            new IntPointer(arena.pointer(offsetBytes)).put(values);
        } else if (values.length > 0) {
            flat().assign(Nd4j.createFromArray(values));
        }
    }

    @Override
    public void write(short[] bits) {
        checkHalf(bits.length);
        if (bits.length > 0 && space().isHost()) {
            new ShortPointer(arena.pointer(offsetBytes)).put(bits);
        } else if (bits.length > 0) {
            throw noHalves();
        }
    }

    @Override
    public void write(byte[] values) {
        check(DType.BOOL, values.length);
        if (values.length > 0 && space().isHost()) {
            new BytePointer(arena.pointer(offsetBytes)).put(values);
        } else if (values.length > 0) {
            flat().assign(Nd4j.createFromArray(values).castTo(DataType.BOOL));
        }
    }

    @Override
    public void read(float[] into) {
        check(DType.FLOAT32, into.length);
        if (into.length > 0 && space().isHost()) {
            new FloatPointer(arena.pointer(offsetBytes)).get(into);
        } else if (into.length > 0) {
            System.arraycopy(flat().dup().toFloatVector(), 0, into, 0, into.length);
        }
    }

    @Override
    public void read(double[] into) {
        check(DType.FLOAT64, into.length);
        if (into.length > 0 && space().isHost()) {
            new DoublePointer(arena.pointer(offsetBytes)).get(into);
        } else if (into.length > 0) {
            System.arraycopy(flat().dup().toDoubleVector(), 0, into, 0, into.length);
        }
    }

    @Override
    public void read(int[] into) {
        check(DType.INT32, into.length);
        if (into.length > 0 && space().isHost()) {
            new IntPointer(arena.pointer(offsetBytes)).get(into);
        } else if (into.length > 0) {
            System.arraycopy(flat().dup().toIntVector(), 0, into, 0, into.length);
        }
    }

    @Override
    public void read(short[] into) {
        checkHalf(into.length);
        if (into.length > 0 && space().isHost()) {
            new ShortPointer(arena.pointer(offsetBytes)).get(into);
        } else if (into.length > 0) {
            throw noHalves();
        }
    }

    @Override
    public void read(byte[] into) {
        check(DType.BOOL, into.length);
        if (into.length > 0 && space().isHost()) {
            new BytePointer(arena.pointer(offsetBytes)).get(into);
        } else if (into.length > 0) {
            int[] values = flat().castTo(DataType.INT32).toIntVector();
            for (int i = 0; i < into.length; i++) {
                into[i] = (byte) values[i];
            }
        }
    }

    private void checkHalf(int length) {
        if (!type.dtype().isHalf() || length != numElements()) {
            throw new IllegalArgumentException("bits do not match the buffer: buffer=" + type + ", numElements="
                    + length + ". Copy all elements of a tensor of 16-bit floats.");
        }
    }

    private UnsupportedOperationException noHalves() {
        return new UnsupportedOperationException(
                "16-bit floats in the memory of ND4J's GPU cannot be copied: buffer=" + this + ". Use float32 there.");
    }

    private void check(DType dtype, int length) {
        if (dtype != type.dtype() || length != numElements()) {
            throw new IllegalArgumentException("array does not match the buffer: buffer=" + type + ", array="
                    + new TensorType(dtype, Shape.shape(length)) + ". Copy all elements in the buffer's own type.");
        }
    }

    static DataType nd4jType(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> DataType.FLOAT;
            case FLOAT64 -> DataType.DOUBLE;
            case BFLOAT16 -> DataType.BFLOAT16;
            case FLOAT16 -> DataType.FLOAT16;
            case INT32 -> DataType.INT32;
            case BOOL -> DataType.BOOL;
        };
    }

    static long[] rowMajorStrides(long[] dims) {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    /** For example {@code f32[8, 256]@4096}. */
    @Override
    public String toString() {
        return type + "@" + offsetBytes;
    }
}
