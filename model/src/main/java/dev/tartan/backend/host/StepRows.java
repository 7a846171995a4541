package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows of a recurrence lie: of samples {@code [n, blocks, h]}, and of their steps {@code [n, t, blocks, h]},
 * by the order in which the forward pass computes them. Rows of some samples are worked on together, one after another
 * in an array.
 *
 * @param width h
 * @param mask whether a step counts, {@code [n, t]}; null if all do
 */
record StepRows(
        int numSteps, int width, boolean reverse, @Nullable ByteBuffer mask) {
    /**
     * Long enough that the calls of a pass cost little, short enough that all arrays stay in the second-level cache.
     */
    private static final int ARRAY_ELEMENTS = 2048;

    private static final ThreadLocal<float[][]> ARRAYS = ThreadLocal.withInitial(() -> new float[0][0]);

    static StepRows of(Buffer states, boolean reverse, @Nullable Buffer mask) {
        return new StepRows(
                Math.toIntExact(states.type().shape().dim(1)),
                Math.toIntExact(states.type().shape().dim(2)),
                reverse,
                mask == null ? null : mask.hostBytes());
    }

    /** Samples that are worked on together. */
    int samplesAtOnce() {
        return Math.max(1, ARRAY_ELEMENTS / width);
    }

    private int row(int sample, int k) {
        return sample * numSteps + (reverse ? numSteps - 1 - k : k);
    }

    /** Reads block {@code block} of the {@code k}-th computed step of samples from {@code begin} on. */
    void loadStep(FloatBuffer from, int blocks, int block, int k, int begin, int count, float[] into) {
        for (int i = 0; i < count; i++) {
            from.get((row(begin + i, k) * blocks + block) * width, into, i * width, width);
        }
    }

    /** Writes what {@link #loadStep} reads. */
    void storeStep(float[] from, FloatBuffer to, int blocks, int block, int k, int begin, int count) {
        for (int i = 0; i < count; i++) {
            to.put((row(begin + i, k) * blocks + block) * width, from, i * width, width);
        }
    }

    /** Reads block {@code block} of samples from {@code begin} on. */
    void load(FloatBuffer from, int blocks, int block, int begin, int count, float[] into) {
        for (int i = 0; i < count; i++) {
            from.get(((begin + i) * blocks + block) * width, into, i * width, width);
        }
    }

    /** Writes what {@link #load} reads. */
    void store(float[] from, FloatBuffer to, int blocks, int block, int begin, int count) {
        for (int i = 0; i < count; i++) {
            to.put(((begin + i) * blocks + block) * width, from, i * width, width);
        }
    }

    /** What the {@code k}-th computed step got from the one before: rows of {@code first} or {@code kept}. */
    void loadBefore(FloatBuffer first, FloatBuffer kept, int k, int begin, int count, float[] into) {
        if (k == 0) {
            load(first, 1, 0, begin, count, into);
        } else {
            loadStep(kept, 1, 0, k - 1, begin, count, into);
        }
    }

    /** Sets the rows of the samples whose {@code k}-th computed step is masked to zero, in each array. */
    void clearHidden(int k, int begin, int count, float[]... arrays) {
        for (int i = 0; mask != null && i < count; i++) {
            if (mask.get(row(begin + i, k)) == 0) {
                for (float[] array : arrays) {
                    Arrays.fill(array, i * width, (i + 1) * width, 0);
                }
            }
        }
    }

    /** Row {@code row} of {@code from [., h]}, for each of {@code count} samples. */
    void repeat(FloatBuffer from, int row, int count, float[] into) {
        for (int i = 0; i < count; i++) {
            from.get(row * width, into, i * width, width);
        }
    }

    /** Sets elements {@code begin} to {@code end} - 1 to zero. */
    static void clear(FloatBuffer elements, int begin, int end) {
        float[] zeros = arrays(1, ARRAY_ELEMENTS)[0];
        Arrays.fill(zeros, 0);
        for (int at = begin; at < end; at += zeros.length) {
            elements.put(at, zeros, 0, Math.min(zeros.length, end - at));
        }
    }

    /** The calling thread's arrays, at least {@code count} of them, each at least {@code length} long. */
    static float[][] arrays(int count, int length) {
        float[][] arrays = ARRAYS.get();
        if (arrays.length < count || arrays[0].length < length) {
            int longer = arrays.length == 0 ? length : Math.max(length, arrays[0].length);
            arrays = new float[Math.max(count, arrays.length)][longer];
            ARRAYS.set(arrays);
        }
        return arrays;
    }
}
