package dev.tartan.train.checkpoint;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Moves the bytes of shards between their memory and files, a piece at a time, so that no shard is ever whole on the
 * heap. Memory of a device is reached through a piece of the host's. Used by one thread.
 */
final class ShardMemory implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    private final Device device;
    private @Nullable Arena staging;

    /** Takes what remains in a buffer. */
    @FunctionalInterface
    interface ByteSink {
        void put(ByteBuffer bytes) throws IOException;
    }

    ShardMemory(Device device) {
        this.device = device;
    }

    /** Gives the bytes of consecutive elements to a sink, little-endian. */
    void read(Buffer shard, long first, long count, ByteSink sink) throws IOException {
        int pieceElements = PIECE_BYTES / shard.type().dtype().bytes();
        for (long done = 0; done < count; done += pieceElements) {
            int length = (int) Math.min(pieceElements, count - done);
            Buffer part = shard.part(first + done, length);
            if (!part.space().isHost()) {
                Buffer staged = staged(part.type().dtype(), length);
                staged.copyFrom(part);
                part = staged;
            }
            sink.put(part.hostBytes().order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    /** Puts all that remains in {@code bytes}, little-endian, into consecutive elements. */
    void write(Buffer shard, long first, ByteBuffer bytes) {
        DType type = shard.type().dtype();
        int pieceElements = PIECE_BYTES / type.bytes();
        long at = first;
        while (bytes.hasRemaining()) {
            int length = Math.min(pieceElements, bytes.remaining() / type.bytes());
            ByteBuffer piece = bytes.slice(bytes.position(), length * type.bytes());
            bytes.position(bytes.position() + length * type.bytes());
            Buffer part = shard.part(at, length);
            if (part.space().isHost()) {
                part.hostBytes().put(piece);
            } else {
                Buffer staged = staged(type, length);
                staged.hostBytes().put(piece);
                part.copyFrom(staged);
            }
            at += length;
        }
    }

    /** Makes all elements 0. */
    void clear(Buffer shard) {
        long bytes = shard.type().bytes();
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(PIECE_BYTES, bytes));
        int elementBytes = shard.type().dtype().bytes();
        for (long done = 0; done < bytes; done += zeros.capacity()) {
            write(shard, done / elementBytes, zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - done)));
        }
    }

    private Buffer staged(DType type, int length) {
        Arena arena = staging;
        if (arena == null) {
            arena = device.allocateHost(PIECE_BYTES);
            staging = arena;
        }
        return arena.buffer(new TensorType(type, Shape.shape(length)), 0);
    }

    @Override
    public void close() {
        if (staging != null) {
            staging.close();
            staging = null;
        }
    }
}
