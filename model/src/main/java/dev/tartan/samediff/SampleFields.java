package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/** Placeholders of a graph as fields of a batch. */
final class SampleFields {
    private final SameDiffOptions options;
    private final List<String> refused;
    private final Map<String, BatchField> fields = new LinkedHashMap<>();
    private @Nullable Long batch;

    /** Adds what cannot be a field to {@code refused}. */
    SampleFields(List<SDVariable> placeholders, SameDiffOptions options, List<String> refused) {
        this.options = options;
        this.refused = refused;
        for (SDVariable placeholder : placeholders) {
            Shape sample = sample(placeholder);
            if (sample != null) {
                fields.put(placeholder.name(), new BatchField(placeholder.name(), dtype(placeholder), sample));
            }
        }
    }

    /** The fields, in the order of the graph. */
    List<BatchField> all() {
        return new ArrayList<>(fields.values());
    }

    /** The number of samples that a placeholder of fixed shape says, or {@code absent}. */
    long batchOr(long absent) {
        return batch == null ? absent : batch;
    }

    private static DType dtype(SDVariable placeholder) {
        return placeholder.dataType().isFPType() ? DType.FLOAT32 : DType.INT32;
    }

    private @Nullable Shape sample(SDVariable placeholder) {
        String name = "placeholder '" + placeholder.name() + "' ";
        DataType type = placeholder.dataType();
        if (type != DataType.BOOL && !type.isNumerical()) {
            refused.add(name + "has elements of a type that is not known: type=" + type);
            return null;
        }
        long[] dims = placeholder.placeholderShape();
        Shape given = options.samples().get(placeholder.name());
        boolean hasDims = dims != null && dims.length > 0;
        if (hasDims && dims[0] > 0) {
            batch = dims[0];
        }
        if (given != null) {
            return given;
        }
        if (!hasDims) {
            refused.add(name + "has no dims. Give that of a sample by SameDiffOptions.sample");
            return null;
        }
        long[] sample = Arrays.copyOfRange(dims, 1, dims.length);
        if (Arrays.stream(sample).anyMatch(dim -> dim < 0)) {
            refused.add(name + "has dims of unknown size: shape=" + Arrays.toString(dims)
                    + ". Give that of a sample by SameDiffOptions.sample");
            return null;
        }
        return Shape.shape(sample);
    }
}
