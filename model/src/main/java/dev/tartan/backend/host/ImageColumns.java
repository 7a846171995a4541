package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Copies windows of float32 images {@code [n, channels, h, w]} to columns {@code [channels kh kw, count]}, one for each
 * position of a block, and adds columns to the windows. Thread-safe, but blocks of one sample must not be folded at
 * once.
 */
public final class ImageColumns {
    private final WindowedImages sizes;
    private final FloatBuffer images;

    /** Works on {@code images}, which have {@code sizes}. */
    public ImageColumns(WindowedImages sizes, Buffer images) {
        this.sizes = sizes;
        this.images = Rows.floats(images);
    }

    /** What is done with element (i, j) of the window at all positions of a block on one sample. */
    private interface Element {
        void run(int i, int j, int columnsStart);
    }

    /** Copies the windows at the positions of {@code block}; elements of the padding are 0. */
    public void unfold(PositionBlock block, FloatBuffer columns) {
        forEachPlane(block, (tile, plane, firstRow, numElements, planeStart) -> {
            images.get(planeStart, tile.a, 0, numElements);
            forEachElement(block, plane, (i, j, start) -> {
                copyElement(block, tile, firstRow, i, j);
                columns.put(start, tile.b, 0, block.perSample());
            });
        });
    }

    /** Adds the columns to the windows at the positions of {@code block}, and leaves out those of the padding. */
    public void fold(PositionBlock block, FloatBuffer columns) {
        forEachPlane(block, (tile, plane, firstRow, numElements, planeStart) -> {
            images.get(planeStart, tile.a, 0, numElements);
            forEachElement(block, plane, (i, j, start) -> {
                columns.get(start, tile.b, 0, block.perSample());
                addElement(block, tile, firstRow, i, j);
            });
            images.put(planeStart, tile.a, 0, numElements);
        });
    }

    /** Sets the samples of {@code block} to 0. */
    public void clear(PositionBlock block) {
        int planeSize = sizes.planeSize();
        Tile tile = Tile.ofLength(planeSize);
        Arrays.fill(tile.a, 0, planeSize, 0);
        int end = (block.sample() + block.numSamples()) * sizes.channels();
        for (int plane = block.sample() * sizes.channels(); plane < end; plane++) {
            images.put(plane * planeSize, tile.a, 0, planeSize);
        }
    }

    /** One channel of one sample: the rows that a block's windows may touch, from {@code firstRow} on. */
    private interface Plane {
        void run(Tile tile, int plane, int firstRow, int numElements, int planeStart);
    }

    private void forEachPlane(PositionBlock block, Plane task) {
        int stride = sizes.rows().stride();
        int top = block.row() * stride - sizes.rows().low();
        int bottom = Math.toIntExact(
                top + (block.numRows() - 1L) * stride + sizes.rows().reach());
        int firstRow = Math.min(sizes.height(), Math.max(0, top));
        int endRow = Math.max(firstRow, Math.min(sizes.height(), bottom));
        int numElements = (endRow - firstRow) * sizes.width();
        Tile tile = Tile.ofLength(Math.max(numElements, block.perSample()));
        for (int plane = 0; plane < block.numSamples() * sizes.channels(); plane++) {
            int start = (block.sample() * sizes.channels() + plane) * sizes.planeSize() + firstRow * sizes.width();
            task.run(tile, plane, firstRow, numElements, start);
        }
    }

    private void forEachElement(PositionBlock block, int plane, Element task) {
        int sample = plane / sizes.channels();
        int channel = plane % sizes.channels();
        int kw = sizes.columns().size();
        for (int i = 0; i < sizes.rows().size(); i++) {
            for (int j = 0; j < kw; j++) {
                int line = channel * sizes.windowSize() + i * kw + j;
                task.run(i, j, line * block.count() + sample * block.perSample());
            }
        }
    }

    /** b = element (i, j) of the window at the block's positions, of the rows in a. */
    private void copyElement(PositionBlock block, Tile tile, int firstRow, int i, int j) {
        int begin = Math.max(block.column(), sizes.firstInside(j)) - block.column();
        int end = Math.min(block.column() + block.numColumns(), sizes.endInside(j)) - block.column();
        int stride = sizes.columns().stride();
        float[] a = tile.a;
        float[] b = tile.b;
        for (int r = 0; r < block.numRows(); r++) {
            int to = r * block.numColumns();
            int row = (block.row() + r) * sizes.rows().stride()
                    - sizes.rows().low()
                    + i * sizes.rows().dilation();
            if (row < 0 || row >= sizes.height() || begin >= end) {
                Arrays.fill(b, to, to + block.numColumns(), 0);
                continue;
            }
            int from = source(block, row - firstRow, j);
            Arrays.fill(b, to, to + begin, 0);
            if (stride == 1) {
                System.arraycopy(a, from + begin, b, to + begin, end - begin);
            } else {
                for (int q = begin; q < end; q++) {
                    b[to + q] = a[from + q * stride];
                }
            }
            Arrays.fill(b, to + end, to + block.numColumns(), 0);
        }
    }

    /** Adds b to element (i, j) of the window at the block's positions, of the rows in a. */
    private void addElement(PositionBlock block, Tile tile, int firstRow, int i, int j) {
        int begin = Math.max(block.column(), sizes.firstInside(j)) - block.column();
        int end = Math.min(block.column() + block.numColumns(), sizes.endInside(j)) - block.column();
        int stride = sizes.columns().stride();
        for (int r = 0; r < block.numRows(); r++) {
            int row = (block.row() + r) * sizes.rows().stride()
                    - sizes.rows().low()
                    + i * sizes.rows().dilation();
            if (row >= 0 && row < sizes.height()) {
                add(tile.b, r * block.numColumns(), begin, end, tile.a, source(block, row - firstRow, j), stride);
            }
        }
    }

    private static void add(float[] from, int fromStart, int begin, int end, float[] to, int toStart, int stride) {
        if (stride == 1) {
            for (int q = begin; q < end; q++) {
                to[toStart + q] += from[fromStart + q];
            }
        } else {
            for (int q = begin; q < end; q++) {
                to[toStart + q * stride] += from[fromStart + q];
            }
        }
    }

    /** Where element j of the window is at the block's first column; it may lie in the padding before the row. */
    private int source(PositionBlock block, int rowInTile, int j) {
        int column = block.column() * sizes.columns().stride()
                - sizes.columns().low()
                + j * sizes.columns().dilation();
        return rowInTile * sizes.width() + column;
    }
}
