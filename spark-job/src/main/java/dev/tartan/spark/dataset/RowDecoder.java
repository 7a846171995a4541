package dev.tartan.spark.dataset;

import java.util.List;

/** Reads rows of a spool into arrays of a batch, one for each column; the reverse of a {@link RowEncoder}. */
final class RowDecoder {
    private final SampleColumn[] columns;
    private final SequenceParts parts;

    /** Reads rows whole. */
    RowDecoder(List<SampleColumn> columns) {
        this(columns, SequenceParts.WHOLE);
    }

    RowDecoder(List<SampleColumn> columns, SequenceParts parts) {
        this.columns = columns.toArray(new SampleColumn[0]);
        this.parts = parts;
    }

    /** Reads a row; see {@link #read(SpoolSegment, int, Object[], int, int)}. */
    void read(SpoolSegment segment, int position, Object[] arrays, int sample) {
        read(segment, position, arrays, sample, 0);
    }

    /**
     * Reads a part of a row.
     *
     * @param position of the row in the segment, in bytes
     * @param arrays an {@code int[]} or {@code float[]} for each column, zeros where the row goes
     * @param sample its number in the batch
     * @param part 0 for rows that are read whole
     */
    void read(SpoolSegment segment, int position, Object[] arrays, int sample, int part) {
        int word = position / Integer.BYTES;
        for (int i = 0; i < columns.length; i++) {
            int count = columns[i].numElements();
            if (parts.count() > 1) {
                float[] values = (float[]) arrays[i];
                sequence(segment, word, count / parts.steps(), values, sample * parts.numElements(columns[i]), part);
                word += count;
                continue;
            }
            int start = sample * count;
            switch (columns[i].form()) {
                case WORDS -> {
                    if (arrays[i] instanceof int[] ints) {
                        segment.ints().get(word, ints, start, count);
                    } else {
                        segment.floats().get(word, (float[]) arrays[i], start, count);
                    }
                    word += count;
                }
                case BYTES -> {
                    bytes(segment, word * Integer.BYTES, arrays[i], start, count);
                    word += (count + Integer.BYTES - 1) / Integer.BYTES;
                }
                case VECTOR -> word = vector(segment, word, (float[]) arrays[i], start, count);
            }
        }
    }

    /** Reads of each row of {@code [rows, steps]} the steps of a part. */
    private void sequence(SpoolSegment segment, int word, int rows, float[] values, int start, int part) {
        int from = part * parts.partSteps();
        for (int row = 0; row < rows; row++) {
            segment.floats()
                    .get(
                            word + row * parts.steps() + from,
                            values,
                            start + row * parts.partSteps(),
                            parts.stepsOf(part));
        }
    }

    private static void bytes(SpoolSegment segment, int position, Object array, int start, int count) {
        for (int i = 0; i < count; i++) {
            int value = segment.bytes().get(position + i) & 0xff;
            if (array instanceof int[] ints) {
                ints[start + i] = value;
            } else {
                ((float[]) array)[start + i] = value;
            }
        }
    }

    private static int vector(SpoolSegment segment, int word, float[] values, int start, int count) {
        int nonZeros = segment.ints().get(word);
        int at = word + 1;
        if (nonZeros == VectorEncoder.DENSE) {
            segment.floats().get(at, values, start, count);
            return at + count;
        }
        int elements = at + nonZeros;
        for (int i = 0; i < nonZeros; i++) {
            values[start + segment.ints().get(at + i)] = segment.floats().get(elements + i);
        }
        return elements + nonZeros;
    }
}
