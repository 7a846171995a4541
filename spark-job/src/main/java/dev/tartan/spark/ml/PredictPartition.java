package dev.tartan.spark.ml;

import dev.tartan.spark.dataset.InputBatch;
import dev.tartan.spark.dataset.InputColumns;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Predicts the rows of a partition, a batch at a time. Of the rows a batch alone is held.
 *
 * @param inputs the columns of the fields that the outputs use, the first of each row
 * @param wanted which of the appended columns are made
 * @param keepsRows whether rows have columns besides, which the result has too
 * @param joined what the result is made of: a row of the partition, if kept, and the appended columns after it
 * @param keepsInvalid whether rows with null, or numbers that are not finite, are predicted as NaN
 */
record PredictPartition(
        ShippedNetwork network,
        InputColumns inputs,
        OutputColumns appended,
        List<Integer> wanted,
        boolean keepsRows,
        JoinedColumns joined,
        int batchSize,
        boolean keepsInvalid)
        implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {
    private static final long serialVersionUID = 1;

    @Override
    public Iterator<InternalRow> call(Iterator<InternalRow> rows) {
        if (!rows.hasNext()) {
            return new ArrayList<InternalRow>().iterator();
        }
        Predictors predictors = Predictors.acquire(network, batchSize);
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> predictors.release());
        InputBatch batch = new InputBatch(inputs, predictors.plan().fields(), batchSize);
        return new PredictedRows(rows, batch, predictors, this);
    }
}
