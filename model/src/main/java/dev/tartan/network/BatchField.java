package dev.tartan.network;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import org.jspecify.annotations.Nullable;

/**
 * One tensor of a training batch.
 *
 * @param dtype FLOAT32 fields take the network's float type
 * @param sampleShape the shape of one sample; a batch has the batch dim before it
 * @param limit values of an INT32 field lie in 0 .. limit - 1, such as the number of classes; 0 for no limit
 * @param ignored a further value that an INT32 field may hold, such as -100 for labels that do not count; null if none
 * @param optional whether a run may do without it; the batch that the network is given then lacks it
 */
public record BatchField(
        String name,
        DType dtype,
        Shape sampleShape,
        int limit,
        @Nullable Integer ignored,
        boolean optional) {
    public BatchField {
        if (dtype != DType.FLOAT32 && dtype != DType.INT32) {
            throw new IllegalArgumentException("batch field has an element type that batches do not have: field=" + name
                    + ", dtype=" + dtype + ". Use FLOAT32 or INT32; values of other types are converted with a check.");
        }
        if (dtype != DType.INT32 && (limit != 0 || ignored != null)) {
            throw new IllegalArgumentException("batch field has a limit but no integers: field=" + name + ", dtype="
                    + dtype + ", limit=" + limit + ". Limits are for INT32 fields.");
        }
    }

    /** A field that every run has, of any values. */
    public BatchField(String name, DType dtype, Shape sampleShape) {
        this(name, dtype, sampleShape, 0, null, false);
    }

    /** A field of floats. */
    public static BatchField floats(String name, long... sampleDims) {
        return new BatchField(name, DType.FLOAT32, Shape.shape(sampleDims));
    }

    /** A field of integers. */
    public static BatchField ints(String name, long... sampleDims) {
        return new BatchField(name, DType.INT32, Shape.shape(sampleDims));
    }

    /** This field with values checked to lie in 0 .. count - 1. */
    public BatchField below(int count) {
        return new BatchField(name, dtype, sampleShape, count, ignored, optional);
    }

    /** This field with one more value allowed. */
    public BatchField orIgnored(int value) {
        return new BatchField(name, dtype, sampleShape, limit, value, optional);
    }

    /** This field for runs that have it. */
    public BatchField optionally() {
        return new BatchField(name, dtype, sampleShape, limit, ignored, true);
    }

    /** Whether the field may hold an integer. */
    public boolean allows(long value) {
        return limit == 0 || (value >= 0 && value < limit) || (ignored != null && value == ignored);
    }
}
