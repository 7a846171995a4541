package dev.tartan.spark.ml;

import dev.tartan.train.data.HostTensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.types.StructField;

/** The column of a regressor, made of the output {@code predictions}, {@code [batch]} or {@code [batch, 1]}. */
record RegressorColumn(StructField field) implements OutputColumns {
    private static final long serialVersionUID = 1;

    static final String PREDICTIONS = "predictions";

    @Override
    public List<StructField> fields() {
        return List.of(field);
    }

    @Override
    public String output(int column) {
        return PREDICTIONS;
    }

    @Override
    public Object value(int column, Map<String, HostTensor> outputs, int row) {
        return (double) Objects.requireNonNull(outputs.get(PREDICTIONS)).floats()[row];
    }
}
