package dev.tartan.spark.dataset;

import dev.tartan.network.Network;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a DataFrame as samples: which column fills which field of the network's batches. Immutable: each method
 * gives samples that differ in one thing.
 *
 * <pre>{@code
 * Samples.of(frame).field("x", "features").field("y", "label")
 * }</pre>
 *
 * <p>A column holds numbers, arrays of them (nested as deep as the field has dims, or flat), vectors of Spark ML, dense
 * or sparse, or bytes. Values are narrowed to float32 or int32 with a check.
 *
 * <p>The samples of a step and their order follow from the job's seed and the contents of the rows: not from the mesh,
 * the number of executors, or how the frame is partitioned. An epoch has each row once, each epoch in another order. If
 * the global batch does not divide the number of rows, the last step of an epoch is filled up with samples of weight 0,
 * so that its mean is that of the rows left.
 */
public final class Samples {
    private final Dataset<Row> frame;
    private final Map<String, String> columns;
    private final @Nullable String weight;
    private final boolean dropLast;
    private final @Nullable Samples heldOut;

    private Samples(
            Dataset<Row> frame,
            Map<String, String> columns,
            @Nullable String weight,
            boolean dropLast,
            @Nullable Samples heldOut) {
        this.frame = frame;
        this.columns = columns;
        this.weight = weight;
        this.dropLast = dropLast;
        this.heldOut = heldOut;
    }

    /** The rows of a frame; fields are to follow. */
    public static Samples of(Dataset<Row> frame) {
        return new Samples(frame, Map.of(), null, false, null);
    }

    /**
     * These samples with a field filled by a column.
     *
     * @throws IllegalArgumentException if it is filled already
     */
    public Samples field(String name, String column) {
        Map<String, String> more = new LinkedHashMap<>(columns);
        String before = more.putIfAbsent(name, column);
        if (before != null) {
            throw new IllegalArgumentException("field is filled twice: field=" + name + ", columns=[" + before + ", "
                    + column + "]. Name one column for a field.");
        }
        return new Samples(frame, more, weight, dropLast, heldOut);
    }

    /** These samples, each counting by its number in a column, 0 or more, in means. */
    public Samples weight(String column) {
        return new Samples(frame, columns, column, dropLast, heldOut);
    }

    /** These samples without the last step of an epoch where it is not full: other rows are left out in each epoch. */
    public Samples dropLast() {
        return new Samples(frame, columns, weight, true, heldOut);
    }

    /**
     * These samples with the rows of another frame to validate on, by columns of the same names. The network is
     * evaluated on all of them at the end of each epoch, or as {@code TrainingJob.validateEvery} says.
     */
    public Samples validation(Dataset<Row> rows) {
        return validation(of(rows));
    }

    /** As above, with the columns that {@code other} names, where it names any. */
    public Samples validation(Samples other) {
        return new Samples(frame, columns, weight, dropLast, other);
    }

    /**
     * Finds the columns and how they are encoded.
     *
     * @throws IllegalArgumentException naming all fields and columns that do not go together
     */
    public ResolvedSamples resolve(Network network) {
        return new ResolveColumns(frame, network, columns, weight, dropLast, "frame").run();
    }

    /**
     * As {@link #resolve} for the rows to validate on; null if there are none.
     *
     * @throws IllegalArgumentException naming all fields and columns that do not go together
     */
    public @Nullable ResolvedSamples resolveValidation(Network network) {
        if (heldOut == null) {
            return null;
        }
        Samples named = heldOut.columns.isEmpty() ? this : heldOut;
        return new ResolveColumns(heldOut.frame, network, named.columns, named.weight, false, "validation frame").run();
    }
}
