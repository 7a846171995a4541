package dev.tartan.spark.dataset;

import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.EvaluationBatches;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The samples of a process's slots, step by step: in each epoch every slot goes through its column in another order. A
 * slot that has no row left in the last step of an epoch gets one of its rows again, with weight 0.
 */
final class SpoolBatches implements EvaluationBatches {
    private final Spool spool;
    private final SlotTable slots;
    private final List<SampleColumn> columns;
    private final List<BatchField> fields;
    private final long seed;
    private final boolean shuffled;

    /**
     * Gives samples of a spool, and closes it.
     *
     * @param columns what a row is made of
     * @param fields of a batch
     * @param seed of the order within columns
     */
    SpoolBatches(Spool spool, SlotTable slots, List<SampleColumn> columns, List<BatchField> fields, long seed) {
        this(spool, slots, columns, fields, seed, true);
    }

    private SpoolBatches(
            Spool spool,
            SlotTable slots,
            List<SampleColumn> columns,
            List<BatchField> fields,
            long seed,
            boolean shuffled) {
        this.spool = spool;
        this.slots = slots;
        this.columns = columns;
        this.fields = fields;
        this.seed = seed;
        this.shuffled = shuffled;
    }

    /** The same samples, in every epoch in the order of their hashes; they share the spool with these. */
    SpoolBatches inOrder() {
        return new SpoolBatches(spool, slots, columns, fields, seed, false);
    }

    @Override
    public long numBatches() {
        return slots.stepsPerEpoch();
    }

    @Override
    public HostBatch samples(long step, int first, int count) {
        Map<String, Object> arrays = new LinkedHashMap<>();
        columns.forEach(column -> {
            int length = Math.multiplyExact(count, column.numElements());
            arrays.put(column.field(), column.integers() ? new int[length] : new float[length]);
        });
        float[] weights = (float[]) arrays.computeIfAbsent(PresentFields.SAMPLE_WEIGHT.name(), absent -> ones(count));
        for (int sample = 0; sample < count; sample++) {
            int slot = first + sample;
            long row = row(step, slot);
            read(spool.place(slot, row < 0 ? slots.first(slot) : row), arrays, sample);
            if (row < 0) {
                weights[sample] = 0;
            }
        }
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (BatchField field : fields) {
            Shape shape = shape(count, field.sampleShape());
            Object values = Objects.requireNonNull(arrays.get(field.name()), field.name());
            tensors.put(
                    field.name(),
                    values instanceof int[] ints
                            ? HostTensor.ofInts(shape, ints)
                            : HostTensor.ofFloats(shape, (float[]) values));
        }
        return new HostBatch(tensors);
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static Shape shape(int count, Shape sample) {
        long[] dims = new long[sample.numDims() + 1];
        dims[0] = count;
        System.arraycopy(sample.dims(), 0, dims, 1, sample.numDims());
        return Shape.shape(dims);
    }

    /** The row of a slot in a step; -1 if none is left. */
    private long row(long step, int slot) {
        long epoch = step / slots.stepsPerEpoch();
        long index = step % slots.stepsPerEpoch();
        long length = slots.length(slot);
        if (index >= length) {
            return -1;
        }
        long key = RowHash.finish(RowHash.finish(RowHash.finish(seed) + epoch) + slot);
        return slots.first(slot) + (shuffled ? new Permutation(length, key).at(index) : index);
    }

    private void read(Spool.Place place, Map<String, Object> arrays, int sample) {
        ByteBuffer segment = place.segment();
        int position = place.position();
        for (SampleColumn column : columns) {
            int count = column.numElements();
            int start = sample * count;
            Object values = Objects.requireNonNull(arrays.get(column.field()), column.field());
            switch (column.form()) {
                case WORDS -> {
                    if (values instanceof int[] ints) {
                        segment.slice(position, count * Integer.BYTES)
                                .order(segment.order())
                                .asIntBuffer()
                                .get(ints, start, count);
                    } else {
                        floats(segment, position, count).get((float[]) values, start, count);
                    }
                    position += count * Integer.BYTES;
                }
                case BYTES -> {
                    for (int i = 0; i < count; i++) {
                        int value = segment.get(position + i) & 0xff;
                        if (values instanceof int[] ints) {
                            ints[start + i] = value;
                        } else {
                            ((float[]) values)[start + i] = value;
                        }
                    }
                    position += (count + Integer.BYTES - 1) & -Integer.BYTES;
                }
                case VECTOR -> position = vector(segment, position, (float[]) values, start, count);
            }
        }
    }

    private static int vector(ByteBuffer segment, int position, float[] values, int start, int count) {
        int nonZeros = segment.getInt(position);
        int at = position + Integer.BYTES;
        if (nonZeros == VectorEncoder.DENSE) {
            floats(segment, at, count).get(values, start, count);
            return at + count * Float.BYTES;
        }
        int elements = at + nonZeros * Integer.BYTES;
        for (int i = 0; i < nonZeros; i++) {
            values[start + segment.getInt(at + i * Integer.BYTES)] = segment.getFloat(elements + i * Float.BYTES);
        }
        return elements + nonZeros * Float.BYTES;
    }

    private static FloatBuffer floats(ByteBuffer segment, int position, int count) {
        return segment.slice(position, count * Float.BYTES)
                .order(segment.order())
                .asFloatBuffer();
    }

    @Override
    public void close() {
        spool.close();
    }
}
