package dev.tartan.backend.nd4j;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Places;
import dev.tartan.graph.TensorType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.pointers.PagedPointer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/** One allocation; tensors are buffers of their own type over parts of its memory. Thread-safe. */
final class Nd4jArena implements Arena {
    private final long bytes;
    private final BytePointer start;
    private final MemorySpace space;
    private final Runnable free;

    /**
     * @param address of at least {@code bytes} and an alignment more
     * @param free run once
     */
    private Nd4jArena(long bytes, long address, MemorySpace space, Runnable free) {
        this.bytes = bytes;
        // ND4J may align to less, so the buffers begin at the first aligned address.
        this.start = new BytePointer(new PagedPointer(Arena.aligned(address)));
        this.space = space;
        this.free = free;
    }

    /**
     * Memory that ND4J's kernels work on: one of its data buffers.
     *
     * @param isHostMemory whether that is the host's
     */
    static Nd4jArena onDevice(long bytes, boolean isHostMemory) {
        long size = size(bytes);
        DataBuffer memory = Nd4j.createBuffer(DataType.FLOAT, (size + ALIGNMENT_BYTES) / Float.BYTES, false);
        return new Nd4jArena(
                size, memory.platformAddress(), isHostMemory ? MemorySpace.HOST : MemorySpace.DEVICE, memory::close);
    }

    /**
     * Memory of the host.
     *
     * @param pinned whether ND4J pins what it allocates there, as it does for GPUs, so that copies run at the bus's
     *     speed
     */
    static Nd4jArena onHost(long bytes, boolean pinned) {
        long size = size(bytes);
        NativeOps ops = NativeOpsHolder.getInstance().getDeviceNativeOps();
        Pointer memory = ops.mallocHost(size + ALIGNMENT_BYTES, 0);
        if (memory == null || memory.isNull()) {
            throw new OutOfMemoryError("host memory cannot be allocated: bytes=" + size);
        }
        return new Nd4jArena(
                size,
                memory.address(),
                pinned ? MemorySpace.PINNED_HOST : MemorySpace.HOST,
                () -> ops.freeHost(memory));
    }

    private static long size(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("arena size is negative: bytes=" + bytes + ". Give 0 or more.");
        }
        return Arena.aligned(bytes);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Buffer buffer(TensorType type, long offsetBytes) {
        Places.requireInArena(type, offsetBytes, bytes);
        return new Nd4jBuffer(this, type, offsetBytes);
    }

    MemorySpace space() {
        return space;
    }

    /** A pointer {@code offsetBytes} into the memory. */
    Pointer pointer(long offsetBytes) {
        return start.getPointer(offsetBytes);
    }

    @Override
    public void close() {
        free.run();
    }

    /** For example {@code Nd4jArena[4096 bytes]}. */
    @Override
    public String toString() {
        return "Nd4jArena[" + bytes + " bytes]";
    }
}
