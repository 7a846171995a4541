package dev.tartan.spark.dataset;

import dev.tartan.network.BatchField;
import dev.tartan.train.data.HostTensor;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;

/** Collects rows into a batch, with the checks that rows for training get. Not thread-safe. */
public final class InputBatch {
    private final RowEncoder encoder;
    private final List<BatchField> fields;
    private final int size;
    private final RowBuffer buffer = new RowBuffer();
    private Map<String, Object> arrays;
    private int count;

    /** Makes an empty batch for so many samples of these fields. */
    public InputBatch(InputColumns columns, List<BatchField> fields, int size) {
        this.encoder = columns.encoder();
        this.fields = List.copyOf(fields);
        this.size = size;
        this.arrays = RowDecoder.arrays(encoder.columns(), size);
    }

    /**
     * Adds a row, whose first columns are the inputs in their order.
     *
     * @throws IllegalArgumentException if it cannot be used, naming column and value
     */
    public void add(InternalRow row) {
        try {
            encoder.encode(row, buffer);
        } catch (RowFault e) {
            throw new IllegalArgumentException("frame has a row that cannot be used: " + e.getMessage(), e);
        }
        RowDecoder.decode(buffer.bytes(), 0, encoder.columns(), arrays, count);
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
        Map<String, HostTensor> tensors = RowDecoder.tensors(fields, arrays, size);
        arrays = RowDecoder.arrays(encoder.columns(), size);
        count = 0;
        return tensors;
    }
}
