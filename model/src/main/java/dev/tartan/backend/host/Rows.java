package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.List;

/** A tensor as rows along its last dim, and how rows are shared out: in blocks that depend on the shape alone. */
final class Rows {
    private static final int BLOCK_ELEMENTS = 32 * 1024;

    private Rows() {}

    /**
     * Whether these kernels can take the tensors: floats of 32 or 16 bits or int32, each within what a Java buffer can
     * hold.
     */
    static boolean accepts(List<TensorType> types) {
        return types.stream()
                .allMatch(type -> (Floats.accepts(type.dtype()) || type.dtype() == DType.INT32)
                        && type.bytes() <= Integer.MAX_VALUE);
    }

    /** The elements of a float32 tensor. */
    static FloatBuffer floats(Buffer buffer) {
        return buffer.hostBytes().asFloatBuffer();
    }

    static IntBuffer ints(Buffer buffer) {
        return buffer.hostBytes().asIntBuffer();
    }

    /** Length of the last dim, 1 for a scalar. */
    static int width(TensorType type) {
        return type.numDims() == 0 ? 1 : Math.toIntExact(type.shape().dim(-1));
    }

    static int count(TensorType type) {
        int width = width(type);
        return width == 0 ? 0 : Math.toIntExact(type.shape().numElements() / width);
    }

    /** What is done to rows {@code begin} to {@code end} - 1. */
    interface Block {
        void run(int begin, int end);
    }

    /** Rows in one block. */
    static int blockRows(int width) {
        return Math.max(1, BLOCK_ELEMENTS / Math.max(1, width));
    }

    static int numBlocks(int count, int width) {
        int blockRows = blockRows(width);
        return (count + blockRows - 1) / blockRows;
    }

    /** What is done to {@code n} elements from {@code start} on. */
    interface TileTask {
        void run(int start, int n, Tile tile);
    }

    /** A kernel that does the same to all elements, {@code tileElements} at a time. */
    static HostKernel forEachTile(Workers workers, int numElements, int tileElements, TileTask task) {
        int numTiles = (numElements + tileElements - 1) / tileElements;
        return () -> forEachBlock(workers, numTiles, tileElements, (begin, end) -> {
            Tile tile = Tile.ofLength(tileElements);
            for (int i = begin; i < end; i++) {
                int start = i * tileElements;
                task.run(start, Math.min(tileElements, numElements - start), tile);
            }
        });
    }

    static void forEachBlock(Workers workers, int count, int width, Block block) {
        int blockRows = blockRows(width);
        workers.run(
                numBlocks(count, width),
                index -> block.run(index * blockRows, Math.min(count, (index + 1) * blockRows)));
    }
}
