package dev.tartan.backend.host;

import java.util.ArrayList;
import java.util.List;

/**
 * Positions of a window that are worked on together: all those on some samples, or some of those on one sample.
 *
 * @param sample the first sample
 * @param numSamples 1 if not all positions of a sample are in the block
 * @param row the first row of positions
 * @param column the first column of positions
 */
public record PositionBlock(int sample, int numSamples, int row, int numRows, int column, int numColumns) {
    /** Groups that are worked on at once need memory each, so that there are not made more of small ones than this. */
    private static final int MIN_GROUPS = 16;

    /** Positions of the block on one sample. */
    public int perSample() {
        return numRows * numColumns;
    }

    /** Positions of the block. */
    public int count() {
        return numSamples * perSample();
    }

    /**
     * Blocks of at the most {@code maxCount} positions that make up all of them, by groups: blocks of different groups
     * are on different samples. Depends on the sizes alone.
     */
    public static List<List<PositionBlock>> groups(WindowedImages images, int maxCount) {
        List<List<PositionBlock>> groups = new ArrayList<>();
        int samples = images.samples();
        int fitting = Math.max(1, maxCount / Math.max(1, images.positions()));
        int perGroup = Math.min(fitting, Math.max(1, samples / MIN_GROUPS));
        for (int sample = 0; sample < samples; sample += perGroup) {
            int numSamples = Math.min(perGroup, samples - sample);
            groups.add(
                    images.positions() <= maxCount
                            ? List.of(new PositionBlock(
                                    sample, numSamples, 0, images.positionRows(), 0, images.positionColumns()))
                            : parts(sample, images, maxCount));
        }
        return groups;
    }

    private static List<PositionBlock> parts(int sample, WindowedImages images, int maxCount) {
        int columnsAtOnce = even(images.positionColumns(), maxCount);
        int rowsAtOnce = even(images.positionRows(), Math.max(1, maxCount / columnsAtOnce));
        List<PositionBlock> parts = new ArrayList<>();
        for (int row = 0; row < images.positionRows(); row += rowsAtOnce) {
            int numRows = Math.min(rowsAtOnce, images.positionRows() - row);
            for (int column = 0; column < images.positionColumns(); column += columnsAtOnce) {
                int numColumns = Math.min(columnsAtOnce, images.positionColumns() - column);
                parts.add(new PositionBlock(sample, 1, row, numRows, column, numColumns));
            }
        }
        return parts;
    }

    /** The size of parts of {@code total}, none larger than {@code max} and as even as can be. */
    private static int even(int total, int max) {
        int numParts = (total + max - 1) / max;
        return (total + numParts - 1) / numParts;
    }
}
