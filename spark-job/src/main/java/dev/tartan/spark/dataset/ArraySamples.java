package dev.tartan.spark.dataset;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;

/**
 * Samples that are arrays of floats already, one array a field, in place of the rows of a DataFrame. The arrays are
 * encoded where they are made, so no serializer sees them.
 */
public final class ArraySamples {
    private ArraySamples() {}

    /**
     * The samples of a network whose fields are all FLOAT32, in parts or whole.
     *
     * @param rows a sample each: the elements of each of {@code fields} in row-major order; they are written over
     * @param fields of the network, in the order of the arrays; optional ones may be left out
     * @param parts how all fields, which then are sequences, are cut, or {@link SequenceParts#WHOLE}
     * @param dropLast whether the last batch of an epoch is left out where it is not full
     * @param name what messages call them
     * @throws IllegalArgumentException if a field is missing, unknown or not FLOAT32
     */
    public static ResolvedSamples resolve(
            JavaRDD<float[][]> rows,
            List<String> fields,
            Network network,
            SequenceParts parts,
            boolean dropLast,
            String name) {
        boolean whole = parts.count() == 1;
        Map<String, BatchField> known = new LinkedHashMap<>();
        network.batchFields().forEach(field -> known.put(field.name(), field));
        List<SampleColumn> columns = new ArrayList<>();
        List<ColumnEncoder> encoders = new ArrayList<>();
        for (String field : fields) {
            BatchField found = known.remove(field);
            if (found == null || found.dtype() != DType.FLOAT32) {
                throw new IllegalArgumentException("network has no such field of floats: field=" + field + ", fields="
                        + network.batchFields() + ". Give arrays for the network's fields.");
            }
            BatchField laid = whole ? found : BatchField.floats(field, uncut(found.sampleShape(), parts));
            SampleColumn column = ResolveColumns.column(laid, field, SampleColumn.Form.WORDS, false, List.of());
            columns.add(column);
            encoders.add(new FloatsEncoder(new ElementCheck(column)));
        }
        known.values().removeIf(BatchField::optional);
        if (!known.isEmpty()) {
            throw new IllegalArgumentException("fields of the network have no arrays: missing=" + known.keySet()
                    + ", given=" + fields + ". Give an array for each.");
        }
        JavaRDD<InternalRow> encoded = rows.map(GenericInternalRow::new);
        RowEncoder encoder = new RowEncoder(columns, encoders);
        return new ResolvedSamples(encoded, encoder, dropLast, name, parts);
    }

    private static long[] uncut(Shape part, SequenceParts parts) {
        return part.with(part.numDims() - 1, parts.steps()).dims();
    }
}
