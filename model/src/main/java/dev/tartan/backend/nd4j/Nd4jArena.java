package dev.tartan.backend.nd4j;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.graph.TensorType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.pointers.PagedPointer;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** One ND4J data buffer; tensors are buffers of their own type over parts of its memory. Thread-safe. */
final class Nd4jArena implements Arena {
    private final long bytes;
    private final DataBuffer memory;
    private final BytePointer start;
    private final boolean isHostMemory;

    Nd4jArena(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("arena size is negative: bytes=" + bytes + ". Give 0 or more.");
        }
        this.bytes = Arena.aligned(bytes);
        // ND4J may align to less, so the buffers begin at the first aligned address.
        memory = Nd4j.createBuffer(DataType.FLOAT, (this.bytes + ALIGNMENT_BYTES) / Float.BYTES, false);
        isHostMemory = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        start = new BytePointer(new PagedPointer(Arena.aligned(memory.platformAddress())));
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Buffer buffer(TensorType type, long offsetBytes) {
        boolean fits = offsetBytes >= 0 && offsetBytes + type.bytes() <= bytes;
        if (!fits || offsetBytes % ALIGNMENT_BYTES != 0) {
            throw new IllegalArgumentException("buffer does not fit the arena: type=" + type + ", offsetBytes="
                    + offsetBytes + ", arenaBytes=" + bytes + ", alignmentBytes=" + ALIGNMENT_BYTES
                    + ". Take offsets and size from one memory plan.");
        }
        return new Nd4jBuffer(this, type, offsetBytes);
    }

    boolean isHostMemory() {
        return isHostMemory;
    }

    /** A pointer {@code offsetBytes} into the memory. */
    Pointer pointer(long offsetBytes) {
        return start.getPointer(offsetBytes);
    }

    @Override
    public void close() {
        memory.close();
    }

    /** For example {@code Nd4jArena[4096 bytes]}. */
    @Override
    public String toString() {
        return "Nd4jArena[" + bytes + " bytes]";
    }
}
