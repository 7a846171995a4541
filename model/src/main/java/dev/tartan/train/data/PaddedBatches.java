package dev.tartan.train.data;

import dev.tartan.mesh.Shape;
import dev.tartan.network.PresentFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A set of samples as batches of one size. The last one is filled up with its last sample at weight 0. Every sample has
 * a weight, 1 where the set has none.
 *
 * <p>Example, 5 samples in batches of 4: {@code 0 1 2 3}, then {@code 4 4 4 4} with weights {@code 1 0 0 0}.
 */
public final class PaddedBatches implements EvaluationBatches {
    private static final String WEIGHT = PresentFields.SAMPLE_WEIGHT.name();

    private final SampleSet set;
    private final int batch;

    /** Cuts {@code set}, which is closed with this, into batches of {@code batch} samples. */
    public PaddedBatches(SampleSet set, int batch) {
        this.set = set;
        this.batch = batch;
    }

    @Override
    public long numBatches() {
        return (set.numSamples() + batch - 1) / batch;
    }

    @Override
    public HostBatch samples(long step, int first, int count) {
        long start = Math.floorMod(step, numBatches()) * batch + first;
        int real = (int) Math.max(0, Math.min(count, set.numSamples() - start));
        // Another real sample is harmless where zeros, say, might give NaN, which no weight removes.
        HostBatch read = real > 0 ? set.samples(start, real) : set.samples(set.numSamples() - 1, 1);
        int rows = Math.max(1, real);
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        read.tensors().forEach((name, tensor) -> tensors.put(name, filledUp(tensor, rows, count)));
        tensors.put(WEIGHT, weights(read, real, count));
        return new HostBatch(tensors);
    }

    private static HostTensor filledUp(HostTensor tensor, int rows, int count) {
        if (rows == count) {
            return tensor;
        }
        List<HostTensor> parts = new ArrayList<>(List.of(tensor));
        HostTensor last = tensor.row(rows - 1);
        for (int i = rows; i < count; i++) {
            parts.add(last);
        }
        return HostTensor.concat(parts);
    }

    private static HostTensor weights(HostBatch read, int real, int count) {
        float[] weights = new float[count];
        HostTensor given = read.tensors().get(WEIGHT);
        if (given == null) {
            Arrays.fill(weights, 0, real, 1);
        } else {
            System.arraycopy(given.floats(), 0, weights, 0, real);
        }
        return HostTensor.ofFloats(Shape.shape(count), weights);
    }

    @Override
    public void close() {
        set.close();
    }
}
