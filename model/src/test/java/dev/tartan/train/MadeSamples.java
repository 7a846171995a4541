package dev.tartan.train;

import dev.tartan.mesh.Shape;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.data.SampleSet;
import dev.tartan.train.data.SampleSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Samples for {@link WatchedMlp}, each made from its number.
 *
 * @param count how many there are as a set
 * @param weighted whether samples have weights, of which some are 0
 * @param label that of all samples; null for labels at random
 * @param infiniteStep the step in which one value is infinite; -1 for none
 * @param scale of the values
 */
record MadeSamples(int count, boolean weighted, @Nullable Integer label, long infiniteStep, float scale)
        implements SampleSource {
    static MadeSamples of(int count) {
        return new MadeSamples(count, false, null, -1, 1);
    }

    static float[] x(long sample) {
        float[] x = new float[WatchedMlp.INPUTS];
        Random random = new Random(sample * 31 + 7);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    int y(long sample) {
        return label != null ? label : new Random(sample * 17 + 3).nextInt(WatchedMlp.CLASSES);
    }

    float weight(long sample) {
        return weighted ? sample % 3 : 1;
    }

    @Override
    public PresentFields fields(Network network) {
        return new PresentFields(Set.of(), weighted);
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        return new BatchSource() {
            @Override
            public HostBatch samples(long step, int first, int rows) {
                HostBatch batch = batch(step * spec.globalBatch() + first, rows);
                if (step == infiniteStep && first == 0) {
                    batch.tensor("x").floats()[1] = Float.POSITIVE_INFINITY;
                }
                return batch;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    @Override
    public SampleSet openAll(BatchSpec spec) {
        return new SampleSet() {
            @Override
            public long numSamples() {
                return count;
            }

            @Override
            public HostBatch samples(long first, int rows) {
                if (first < 0 || rows < 1 || first + rows > count) {
                    throw new IllegalArgumentException("asked for samples that are not there: first=" + first);
                }
                return batch(first, rows);
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private HostBatch batch(long first, int rows) {
        float[] x = new float[rows * WatchedMlp.INPUTS];
        int[] y = new int[rows];
        float[] weights = new float[rows];
        for (int i = 0; i < rows; i++) {
            float[] row = x(first + i);
            for (int k = 0; k < row.length; k++) {
                x[i * row.length + k] = row[k] * scale;
            }
            y[i] = y(first + i);
            weights[i] = weight(first + i);
        }
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("x", HostTensor.ofFloats(Shape.shape(rows, WatchedMlp.INPUTS), x));
        tensors.put("y", HostTensor.ofInts(Shape.shape(rows), y));
        if (weighted) {
            tensors.put(PresentFields.SAMPLE_WEIGHT.name(), HostTensor.ofFloats(Shape.shape(rows), weights));
        }
        return new HostBatch(tensors);
    }
}
