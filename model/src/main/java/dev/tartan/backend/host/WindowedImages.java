package dev.tartan.backend.host;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;

/**
 * The sizes of images {@code [samples, channels, height, width]} and of the positions of a window on them. A sequence
 * {@code [samples, channels, length, 1]} is seen as an image of one row, which lies in memory alike, so that loops run
 * along it.
 *
 * @param rows how the window slides along the height
 * @param columns how the window slides along the width
 * @param positionRows positions along the height
 * @param positionColumns positions along the width
 */
public record WindowedImages(
        int samples,
        int channels,
        int height,
        int width,
        Window rows,
        Window columns,
        int positionRows,
        int positionColumns) {

    /** The sizes for a window on images of this type. */
    public static WindowedImages of(Window2d window, TensorType images) {
        Shape shape = images.shape();
        int samples = Math.toIntExact(shape.dim(0));
        int channels = Math.toIntExact(shape.dim(1));
        int height = Math.toIntExact(shape.dim(2));
        int width = Math.toIntExact(shape.dim(3));
        boolean isSequence = width == 1 && window.width().isPointwise();
        if (isSequence) {
            return of(samples, channels, width, height, window.width(), window.height());
        }
        return of(samples, channels, height, width, window.height(), window.width());
    }

    private static WindowedImages of(int samples, int channels, int height, int width, Window rows, Window columns) {
        int positionRows = Math.toIntExact(rows.positions(height));
        int positionColumns = Math.toIntExact(columns.positions(width));
        return new WindowedImages(samples, channels, height, width, rows, columns, positionRows, positionColumns);
    }

    /** Elements of one channel of one sample. */
    public int planeSize() {
        return height * width;
    }

    /** Positions on one sample. */
    public int positions() {
        return positionRows * positionColumns;
    }

    /** Elements of the window in one channel. */
    public int windowSize() {
        return rows.size() * columns.size();
    }

    /** The first of {@code count} positions along the columns whose element {@code index} of the window is in it. */
    int firstInside(int index) {
        int shift = index * columns.dilation() - columns.low();
        return Math.min(positionColumns, Math.max(0, -Math.floorDiv(shift, columns.stride())));
    }

    /** The position after the last one whose element {@code index} of the window is within the width. */
    int endInside(int index) {
        int shift = index * columns.dilation() - columns.low();
        return Math.max(0, Math.min(positionColumns, Math.floorDiv(width - 1 - shift, columns.stride()) + 1));
    }
}
