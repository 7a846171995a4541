package dev.tartan.spark.dataset;

import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.train.data.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.spark.sql.catalyst.InternalRow;

/** Collects rows into a batch, with the checks that rows for training get. Not thread-safe. */
public final class InputBatch {
    private final RowEncoder encoder;
    private final RowDecoder decoder;
    private final List<BatchField> fields = new ArrayList<>();
    private final int size;
    private final RowBuffer buffer = new RowBuffer();
    private SpoolSegment row = SpoolSegment.of(buffer.bytes());
    private Object[] arrays;
    private int count;

    /**
     * Makes an empty batch for so many samples.
     *
     * @param known fields of the network, those of the columns among them
     */
    public InputBatch(InputColumns columns, List<BatchField> known, int size) {
        this.encoder = columns.encoder();
        this.decoder = new RowDecoder(encoder.columns());
        this.size = size;
        for (SampleColumn column : encoder.columns()) {
            known.stream().filter(field -> field.name().equals(column.field())).forEach(fields::add);
        }
        this.arrays = zeros();
    }

    private Object[] zeros() {
        return encoder.columns().stream()
                .map(column -> {
                    int length = Math.multiplyExact(size, column.numElements());
                    return column.integers() ? (Object) new int[length] : new float[length];
                })
                .toArray();
    }

    /**
     * Adds a row, whose first columns are the inputs in their order.
     *
     * @throws IllegalArgumentException if it cannot be used, naming column and value
     */
    public void add(InternalRow from) {
        try {
            encoder.encode(from, buffer);
        } catch (RowFault e) {
            throw unusable(e);
        }
        addEncoded();
    }

    /**
     * Adds a row as {@link #add} does, or zeros in its place if something in it is null or no finite number.
     *
     * @return whether the row itself was added
     * @throws IllegalArgumentException if it cannot be used for another reason, naming column and value
     */
    public boolean addOrBlank(InternalRow from) {
        try {
            encoder.encode(from, buffer);
        } catch (RowFault e) {
            if (!e.isMissing()) {
                throw unusable(e);
            }
            count++;
            return false;
        }
        addEncoded();
        return true;
    }

    private static IllegalArgumentException unusable(RowFault fault) {
        return new IllegalArgumentException("frame has a row that cannot be used: " + fault.getMessage(), fault);
    }

    private void addEncoded() {
        ByteBuffer bytes = buffer.bytes();
        if (row.bytes().capacity() != bytes.capacity()) {
            // The buffer has grown for this row, and so is another one.
            row = SpoolSegment.of(bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN));
        }
        decoder.read(row, 0, arrays, count);
        count++;
    }

    /** Rows so far. */
    public int count() {
        return count;
    }

    /** Whether no row can be added. */
    public boolean isFull() {
        return count == size;
    }

    /** The rows by field, filled up with zeros; the batch is empty again. */
    public Map<String, HostTensor> take() {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < arrays.length; i++) {
            BatchField field = fields.get(i);
            Shape shape = Shape.shape(LongStream.concat(
                            LongStream.of(size),
                            LongStream.of(field.sampleShape().dims()))
                    .toArray());
            tensors.put(
                    field.name(),
                    arrays[i] instanceof int[] ints
                            ? HostTensor.ofInts(shape, ints)
                            : HostTensor.ofFloats(shape, (float[]) arrays[i]));
        }
        arrays = zeros();
        count = 0;
        return tensors;
    }
}
