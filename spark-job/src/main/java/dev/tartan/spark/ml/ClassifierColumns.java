package dev.tartan.spark.ml;

import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a classifier, made of its logits.
 *
 * @param kinds of the columns
 * @param fields as the model's schema has them
 * @param thresholds of the classes; null for none
 */
// The array is never compared.
@SuppressWarnings("ArrayRecordComponent")
record ClassifierColumns(List<Kind> kinds, List<StructField> fields, double @Nullable [] thresholds)
        implements OutputColumns {
    private static final long serialVersionUID = 1;
    private static final VectorUDT VECTOR = new VectorUDT();

    /** The network's output that all is made of, {@code [batch, classes]}. */
    static final String LOGITS = "logits";

    enum Kind {
        RAW,
        PROBABILITY,
        PREDICTION
    }

    ClassifierColumns {
        kinds = new ArrayList<>(kinds);
        fields = new ArrayList<>(fields);
    }

    static StructField vector(String name) {
        return new StructField(name, VECTOR, false, org.apache.spark.sql.types.Metadata.empty());
    }

    static StructField number(String name) {
        return new StructField(name, DataTypes.DoubleType, false, org.apache.spark.sql.types.Metadata.empty());
    }

    @Override
    public String output(int column) {
        return LOGITS;
    }

    @Override
    public Object value(int column, Map<String, HostTensor> outputs, int row) {
        double[] logits = row(Objects.requireNonNull(outputs.get(LOGITS)), row);
        return switch (kinds.get(column)) {
            case RAW -> VECTOR.serialize(Vectors.dense(logits));
            case PROBABILITY -> VECTOR.serialize(Vectors.dense(ClassProbabilities.softmaxInPlace(logits)));
            // Logits that are no numbers tell no class.
            case PREDICTION ->
                Double.isNaN(logits[0])
                        ? Double.NaN
                        : ClassProbabilities.predict(
                                thresholds == null ? logits : ClassProbabilities.softmaxInPlace(logits), thresholds);
        };
    }

    /** A row of {@code [batch, n]}. */
    static double[] row(HostTensor tensor, int row) {
        int length =
                Math.toIntExact(tensor.shape().numElements() / tensor.shape().dim(0));
        double[] values = new double[length];
        float[] all = tensor.floats();
        for (int i = 0; i < length; i++) {
            values[i] = all[row * length + i];
        }
        return values;
    }
}
