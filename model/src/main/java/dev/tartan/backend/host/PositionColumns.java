package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.FloatBuffer;

/**
 * Copies values at positions, float32 {@code [n, channels, oh, ow]}, to and from a matrix {@code [channels, count]}
 * that has those of one block. Thread-safe.
 */
public final class PositionColumns {
    private final WindowedImages sizes;
    private final int channels;
    private final FloatBuffer values;

    /** Works on {@code values}, which are at the positions of {@code sizes} and have {@code channels} of their own. */
    public PositionColumns(WindowedImages sizes, int channels, Buffer values) {
        this.sizes = sizes;
        this.channels = channels;
        this.values = Rows.floats(values);
    }

    /** Copies the values of {@code block} to {@code matrix}. */
    public void gather(PositionBlock block, FloatBuffer matrix) {
        forEachRun(block, (own, others, length) -> matrix.put(others, values, own, length));
    }

    /** Copies the values of {@code block} from {@code matrix}. */
    public void scatter(PositionBlock block, FloatBuffer matrix) {
        forEachRun(block, (own, others, length) -> values.put(own, matrix, others, length));
    }

    /** Values that lie together both here and in the matrix. */
    private interface Run {
        void copy(int own, int others, int length);
    }

    private void forEachRun(PositionBlock block, Run run) {
        boolean wholeRows = block.numColumns() == sizes.positionColumns();
        int numRuns = wholeRows ? 1 : block.numRows();
        int length = wholeRows ? block.perSample() : block.numColumns();
        for (int channel = 0; channel < channels; channel++) {
            for (int s = 0; s < block.numSamples(); s++) {
                int plane = ((block.sample() + s) * channels + channel) * sizes.positions();
                for (int r = 0; r < numRuns; r++) {
                    int own = plane + (block.row() + r) * sizes.positionColumns() + block.column();
                    run.copy(own, channel * block.count() + s * block.perSample() + r * length, length);
                }
            }
        }
    }
}
