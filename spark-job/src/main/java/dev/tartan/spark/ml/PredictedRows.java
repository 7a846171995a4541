package dev.tartan.spark.ml;

import dev.tartan.spark.dataset.InputBatch;
import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;

/** The rows of a partition with what was predicted of them; each is valid until the next. Not thread-safe. */
final class PredictedRows implements Iterator<InternalRow> {
    private static final InternalRow NOTHING = new GenericInternalRow(new Object[0]);

    private final Iterator<InternalRow> rows;
    private final InputBatch batch;
    private final Predictors predictors;
    private final PredictPartition how;
    private final UnsafeProjection projection;
    private final JoinedRow joined = new JoinedRow();
    private final List<InternalRow> kept = new ArrayList<>();
    private final BitSet invalid = new BitSet();
    private Map<String, HostTensor> outputs = Map.of();
    private int count;
    private int next;

    PredictedRows(Iterator<InternalRow> rows, InputBatch batch, Predictors predictors, PredictPartition how) {
        this.rows = rows;
        this.batch = batch;
        this.predictors = predictors;
        this.how = how;
        this.projection = how.joined().projection();
    }

    @Override
    public boolean hasNext() {
        return next < count || rows.hasNext();
    }

    @Override
    public InternalRow next() {
        if (next == count) {
            if (!rows.hasNext()) {
                throw new NoSuchElementException("partition has no more rows");
            }
            predict();
        }
        Object[] values = new Object[how.wanted().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = how.appended().value(how.wanted().get(i), outputs, next);
        }
        InternalRow row = how.keepsRows() ? kept.get(next) : NOTHING;
        next++;
        return projection.apply(joined.apply(row, new GenericInternalRow(values)));
    }

    private void predict() {
        kept.clear();
        invalid.clear();
        while (rows.hasNext() && !batch.isFull()) {
            InternalRow row = rows.next();
            if (!how.keepsInvalid()) {
                batch.add(row);
            } else if (!batch.addOrBlank(row)) {
                invalid.set(batch.count() - 1);
            }
            if (how.keepsRows()) {
                kept.add(row.copy());
            }
        }
        count = batch.count();
        next = 0;
        outputs = predictors.predict(batch.take());
        outputs.values().forEach(this::blankInvalid);
    }

    /** What the network made of zeros is nothing that was predicted. */
    private void blankInvalid(HostTensor output) {
        int length =
                Math.toIntExact(output.shape().numElements() / output.shape().dim(0));
        invalid.stream().forEach(row -> Arrays.fill(output.floats(), row * length, (row + 1) * length, Float.NaN));
    }
}
