package dev.tartan.spark.dataset;

import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.EvaluationBatches;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The samples of a process's slots, step by step, or part by part: in each epoch every slot goes through its column in
 * another order. A slot that has no row left in the last step of an epoch gets one of its rows again, with weight 0.
 */
final class SpoolBatches implements EvaluationBatches {
    private final Spool spool;
    private final Runnable afterwards;
    private final SlotTable slots;
    private final List<SampleColumn> columns;
    private final RowDecoder decoder;
    private final List<BatchField> fields;
    private final long seed;
    private final boolean shuffled;
    private boolean closed;

    /**
     * Gives samples of a spool.
     *
     * @param afterwards what becomes of the spool when these are closed
     * @param columns what a row is made of
     * @param fields of a batch
     * @param seed of the order within columns
     */
    SpoolBatches(
            Spool spool,
            Runnable afterwards,
            SlotTable slots,
            List<SampleColumn> columns,
            List<BatchField> fields,
            long seed) {
        this(spool, afterwards, slots, columns, fields, seed, true);
    }

    private SpoolBatches(
            Spool spool,
            Runnable afterwards,
            SlotTable slots,
            List<SampleColumn> columns,
            List<BatchField> fields,
            long seed,
            boolean shuffled) {
        this.spool = spool;
        this.afterwards = afterwards;
        this.slots = slots;
        this.columns = columns;
        this.decoder = new RowDecoder(columns, slots.parts());
        this.fields = fields;
        this.seed = seed;
        this.shuffled = shuffled;
    }

    /** The same samples, in every epoch in the order of their hashes; they share the spool with these. */
    SpoolBatches inOrder() {
        return new SpoolBatches(spool, afterwards, slots, columns, fields, seed, false);
    }

    @Override
    public long numBatches() {
        return slots.stepsPerEpoch();
    }

    @Override
    public long stepsPerEpoch() {
        return slots.stepsPerEpoch();
    }

    @Override
    public HostBatch samples(long step, int first, int count) {
        Object[] arrays = new Object[columns.size()];
        float[] weights = null;
        for (int i = 0; i < arrays.length; i++) {
            SampleColumn column = columns.get(i);
            int length = Math.multiplyExact(count, slots.parts().numElements(column));
            arrays[i] = column.integers() ? new int[length] : new float[length];
            if (column.weights()) {
                weights = (float[]) arrays[i];
            }
        }
        if (weights == null) {
            weights = ones(count);
        }
        long batch = step / slots.parts().count();
        int part = (int) (step % slots.parts().count());
        long[] offsets = new long[count];
        boolean[] isLeft = new boolean[count];
        // All first, so that the memory's answers to one do not wait for the next.
        for (int sample = 0; sample < count; sample++) {
            int slot = first + sample;
            long row = row(batch, slot);
            isLeft[sample] = row >= 0;
            offsets[sample] = spool.offset(slot, row < 0 ? slots.first(slot) : row);
        }
        for (int sample = 0; sample < count; sample++) {
            decoder.read(spool.segment(offsets[sample]), spool.position(offsets[sample]), arrays, sample, part);
            if (!isLeft[sample]) {
                weights[sample] = 0;
            }
        }
        Map<String, Object> byField = new LinkedHashMap<>();
        byField.put(PresentFields.SAMPLE_WEIGHT.name(), weights);
        byField.put(slots.parts().field(), part == 0 ? new float[count] : ones(count));
        return new HostBatch(tensors(count, arrays, byField));
    }

    private Map<String, HostTensor> tensors(int count, Object[] arrays, Map<String, Object> byField) {
        for (int i = 0; i < arrays.length; i++) {
            byField.put(columns.get(i).field(), arrays[i]);
        }
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (BatchField field : fields) {
            Shape shape = shape(count, field.sampleShape());
            Object values = Objects.requireNonNull(byField.get(field.name()), field.name());
            tensors.put(
                    field.name(),
                    values instanceof int[] ints
                            ? HostTensor.ofInts(shape, ints)
                            : HostTensor.ofFloats(shape, (float[]) values));
        }
        return tensors;
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

    /** The row of a slot in a batch; -1 if none is left. */
    private long row(long batch, int slot) {
        long epoch = batch / slots.batchesPerEpoch();
        long index = batch % slots.batchesPerEpoch();
        long length = slots.length(slot);
        if (index >= length) {
            return -1;
        }
        long key = RowHash.finish(RowHash.finish(RowHash.finish(seed) + epoch) + slot);
        return slots.first(slot) + (shuffled ? new Permutation(length, key).at(index) : index);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            afterwards.run();
        }
    }
}
