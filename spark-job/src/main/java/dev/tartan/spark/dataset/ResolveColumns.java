package dev.tartan.spark.dataset;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.config.KeySuggestion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.jspecify.annotations.Nullable;

/** Finds the column of each field and how it is encoded; tells all mistakes together. Used once. */
final class ResolveColumns {
    private final Dataset<Row> frame;
    private final Network network;
    private final Map<String, String> columns;
    private final @Nullable String weight;
    private final boolean dropLast;
    private final String frameName;
    private final List<SampleColumn> found = new ArrayList<>();
    private final List<ColumnEncoder> encoders = new ArrayList<>();
    private final List<String> mistakes = new ArrayList<>();

    ResolveColumns(
            Dataset<Row> frame,
            Network network,
            Map<String, String> columns,
            @Nullable String weight,
            boolean dropLast,
            String frameName) {
        this.frame = frame;
        this.network = network;
        this.columns = columns;
        this.weight = weight;
        this.dropLast = dropLast;
        this.frameName = frameName;
    }

    ResolvedSamples run() {
        Map<String, BatchField> fields = new LinkedHashMap<>();
        network.batchFields().forEach(field -> fields.put(field.name(), field));
        fields.values().forEach(this::addField);
        columns.keySet().forEach(name -> checkKnown(name, fields.keySet()));
        if (weight != null) {
            add(PresentFields.SAMPLE_WEIGHT, weight, true);
        }
        throwMistakes();
        Column[] selected = found.stream()
                .map(column -> frame.col("`" + column.column().replace("`", "``") + "`"))
                .toArray(Column[]::new);
        JavaRDD<InternalRow> rows =
                frame.select(selected).queryExecution().toRdd().toJavaRDD();
        return new ResolvedSamples(rows, new RowEncoder(found, encoders), dropLast, frameName);
    }

    /** How columns fill some of the network's fields, and no weights. */
    RowEncoder runFor(List<BatchField> fields) {
        fields.forEach(this::addField);
        throwMistakes();
        return new RowEncoder(found, encoders);
    }

    private void throwMistakes() {
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException("samples do not go with the network: network=" + network.title()
                    + ", mistakes=" + mistakes.size() + "\n  " + String.join("\n  ", mistakes));
        }
    }

    private void checkKnown(String name, Set<String> fields) {
        if (!fields.contains(name)) {
            mistakes.add("network has no such field: field=" + name + ", fields=" + fields + "."
                    + KeySuggestion.didYouMean(name, fields));
        }
    }

    private void addField(BatchField field) {
        String column = columns.get(field.name());
        if (column != null) {
            add(field, column, false);
        } else if (!field.optional()) {
            mistakes.add("field has no column: field=" + field.name() + ", sampleShape=" + field.sampleShape()
                    + ". Add .field(\"" + field.name() + "\", COLUMN).");
        }
    }

    private void add(BatchField field, String name, boolean weights) {
        List<StructField> named = Arrays.stream(frame.schema().fields())
                .filter(column -> column.name().equals(name))
                .toList();
        if (named.size() != 1) {
            List<String> names = List.of(frame.columns());
            mistakes.add(frameName + " has " + (named.isEmpty() ? "no such column" : "several columns of a name")
                    + ": column='" + name + "', field=" + field.name() + ", columns=" + names + "."
                    + (named.isEmpty() ? KeySuggestion.didYouMean(name, names) : " Rename them."));
            return;
        }
        DataType type = named.get(0).dataType();
        SampleColumn column = column(
                field, name, form(type), weights, JoinedParts.of(named.get(0).metadata()));
        ColumnEncoder encoder = encoder(column, type);
        if (encoder == null) {
            mistakes.add("column has a type that the field cannot take: " + column + ", type=" + type.simpleString()
                    + ", wanted=" + field.dtype() + " " + field.sampleShape() + ". " + remedy(field));
            return;
        }
        found.add(column);
        encoders.add(encoder);
    }

    private static String remedy(BatchField field) {
        int numDims = field.sampleShape().numDims();
        return (numDims > 1
                        ? "Give arrays nested " + numDims + " deep, or flat ones"
                        : "Give numbers or arrays of them")
                + (field.dtype() == DType.INT32 ? ", or bytes." : ", vectors, or bytes.");
    }

    private static SampleColumn.Form form(DataType type) {
        if (type.equals(SQLDataTypes.VectorType())) {
            return SampleColumn.Form.VECTOR;
        }
        return type.equals(DataTypes.BinaryType) ? SampleColumn.Form.BYTES : SampleColumn.Form.WORDS;
    }

    static SampleColumn column(
            BatchField field, String name, SampleColumn.Form form, boolean weights, List<String> parts) {
        Shape shape = field.sampleShape();
        Integer ignored = field.ignored();
        return new SampleColumn(
                field.name(),
                name,
                form,
                field.dtype() == DType.INT32,
                shape.dims(),
                Math.toIntExact(shape.numElements()),
                field.limit(),
                ignored != null,
                ignored == null ? 0 : ignored,
                weights,
                parts);
    }

    /** How values of a type fill a field; null if they cannot. */
    private static @Nullable ColumnEncoder encoder(SampleColumn column, DataType type) {
        ElementCheck check = new ElementCheck(column);
        if (column.form() == SampleColumn.Form.VECTOR) {
            return column.integers() ? null : new VectorEncoder(check);
        }
        if (column.form() == SampleColumn.Form.BYTES) {
            return column.weights() ? null : new BinaryEncoder(check);
        }
        int depth = 0;
        DataType element = type;
        while (element instanceof ArrayType array) {
            depth++;
            element = array.elementType();
        }
        NumberType number = NumberType.of(element);
        if (number == null) {
            return null;
        }
        if (depth == 0) {
            return column.numElements() == 1 ? new NumberEncoder(number, check) : null;
        }
        long[] dims = column.dims();
        if (depth == dims.length) {
            return new ArrayEncoder(
                    number,
                    check,
                    Arrays.stream(dims).mapToInt(Math::toIntExact).toArray());
        }
        return depth == 1 ? new ArrayEncoder(number, check, new int[] {column.numElements()}) : null;
    }
}
