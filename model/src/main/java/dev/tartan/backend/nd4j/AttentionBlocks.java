package dev.tartan.backend.nd4j;

import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * How the heads of an attention are worked on: several at once, a lane each, and of a head some queries at a time, from
 * the first key to the last one that they see. For example 300 positions are the blocks of queries 0 to 127 with keys 0
 * to 127, 128 to 255 with keys 0 to 255, and 256 to 299 with all 300. All this depends on the sizes alone.
 *
 * @param heads of all samples together
 * @param positions queries, and keys, of a head
 * @param size of a query
 */
record AttentionBlocks(int heads, int positions, int size) {
    /** Heads that may be worked on at once; each needs memory for a block. */
    private static final int MAX_LANES = 16;

    /** As many as this are worked on at once even if that leaves one head for each. */
    private static final int MIN_LANES = 4;

    /** Queries of a block: as many as keep products fast; the more there are, the more of the future is computed. */
    private static final int MAX_ROWS = 128;

    /** Different numbers of keys that blocks have, because each needs products of its own. */
    private static final int MAX_WIDTHS = 8;

    /**
     * Some queries and their keys.
     *
     * @param first index of the first query in its head
     * @param rows number of queries
     * @param width number of keys, at least {@code first + rows}
     */
    record Block(int first, int rows, int width) {
        /** What blocks with the same products have in common. */
        Block shape() {
            return new Block(0, rows, width);
        }
    }

    /** Of {@code q [b, h, t, d]}. */
    static AttentionBlocks of(TensorType q) {
        Shape shape = q.shape();
        return new AttentionBlocks(
                Math.toIntExact(shape.dim(0) * shape.dim(1)),
                Math.toIntExact(shape.dim(2)),
                Math.toIntExact(shape.dim(3)));
    }

    /** Lanes have two heads at least where there are many, so that they take less memory than heads would. */
    int numLanes() {
        return Math.min(Math.max(heads / 2, Math.min(heads, MIN_LANES)), MAX_LANES);
    }

    /** Queries of the largest block. */
    int maxRows() {
        return Math.min(MAX_ROWS, positions);
    }

    /** Elements of a head of q. */
    int headElements() {
        return positions * size;
    }

    /** The blocks of a head, first queries first. */
    List<Block> blocks() {
        int widthStep = MAX_ROWS * ceilDiv(positions, MAX_ROWS * MAX_WIDTHS);
        List<Block> blocks = new ArrayList<>();
        for (int first = 0; first < positions; first += MAX_ROWS) {
            int end = Math.min(positions, first + MAX_ROWS);
            int width = Math.min(positions, ceilDiv(end, widthStep) * widthStep);
            blocks.add(new Block(first, end - first, width));
        }
        return blocks;
    }

    private static int ceilDiv(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    /** Memory for the whole of a head: its keys, for example. */
    TensorType wholeHead() {
        return floats(positions, size);
    }

    /** Memory for the queries of a block. */
    TensorType queries() {
        return floats(maxRows(), size);
    }

    /** Memory for the scores of a block. */
    TensorType scores() {
        return floats(maxRows(), positions);
    }

    private static TensorType floats(long rows, long columns) {
        return new TensorType(DType.FLOAT32, Shape.shape(rows, columns));
    }

    /** Scratch memory for lanes with such memory each. */
    long scratchBytes(List<TensorType> lane) {
        return numLanes() * Scratch.bytesFor(lane);
    }
}
