package dev.tartan.spark.cli;

import java.io.Serializable;
import java.util.Random;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Examples for a {@link ContestNetwork}: ten patterns and noise, in DataSets that are made where they are needed, as if
 * read from files.
 *
 * @param inputs numbers of a sample, or of a step
 * @param steps of sequences, 0 for none
 * @param examples of all DataSets
 * @param each examples of a DataSet; the last has what is left
 */
record ContestData(int inputs, int steps, int examples, int each) implements Serializable {
    static final int CLASSES = 10;

    /** Number of DataSets. */
    int size() {
        return (examples + each - 1) / each;
    }

    /** DataSet {@code index}, always the same. */
    DataSet set(int index) {
        int count = Math.min(each, examples - index * each);
        int length = Math.max(1, steps);
        float[][] pattern = patterns();
        Random random = new Random(index);
        float[] x = new float[count * inputs * length];
        float[] y = new float[count * CLASSES * length];
        for (int i = 0; i < count; i++) {
            for (int t = 0; t < length; t++) {
                int label = random.nextInt(CLASSES);
                y[(i * CLASSES + label) * length + t] = 1;
                for (int j = 0; j < inputs; j++) {
                    x[(i * inputs + j) * length + t] = pattern[label][j] * 0.5f + random.nextFloat();
                }
            }
        }
        return new DataSet(Nd4j.create(x, shape(count, inputs), 'c'), Nd4j.create(y, shape(count, CLASSES), 'c'));
    }

    private float[][] patterns() {
        Random random = new Random(7);
        float[][] pattern = new float[CLASSES][inputs];
        for (float[] row : pattern) {
            for (int i = 0; i < inputs; i++) {
                row[i] = random.nextFloat() < 0.2f ? 1 : 0;
            }
        }
        return pattern;
    }

    private long[] shape(long count, long width) {
        return steps == 0 ? new long[] {count, width} : new long[] {count, width, steps};
    }
}
