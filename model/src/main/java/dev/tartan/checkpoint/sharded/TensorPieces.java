package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Goes through consecutive elements of a checkpoint's tensors, whatever boxes they were written in, so that a tensor is
 * never whole in memory. Takes {@link #PIECE_BYTES} of it, outside the heap. Used by one thread.
 */
public final class TensorPieces {
    /** The most that is given at once. */
    public static final int PIECE_BYTES = 8 << 20;

    private final ShardReader reader;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** Takes the bytes of the next elements. */
    @FunctionalInterface
    public interface Sink {
        /** Takes all that remains in {@code bytes}, little-endian, which is used again afterwards. */
        void put(ByteBuffer bytes) throws IOException;
    }

    /** Reads by this reader, which the caller closes. */
    public TensorPieces(ShardReader reader) {
        this.reader = reader;
    }

    /**
     * Gives elements to a sink, in row-major order.
     *
     * @param first the first of them, of the flat tensor
     * @throws dev.tartan.checkpoint.InvalidCheckpointException if a file is not as it was written
     */
    public void read(StoredTensor tensor, long first, long count, Sink sink) throws IOException {
        int elementBytes = tensor.type().bytes();
        Shape flat = Shape.shape(tensor.shape().numElements());
        int most = PIECE_BYTES / elementBytes;
        for (long done = 0; done < count; done += most) {
            int length = (int) Math.min(most, count - done);
            TensorSlice slice = TensorSlice.of(new long[] {first + done}, new long[] {length});
            reader.read(
                    tensor,
                    flat,
                    slice,
                    slice.shape(),
                    (at, bytes) -> piece.position((int) at * elementBytes).put(bytes));
            sink.put(piece.position(0).limit(length * elementBytes));
            piece.clear();
        }
    }
}
