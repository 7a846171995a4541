package dev.tartan.spark.ml;

import dev.tartan.network.Network;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/** The columns of classifiers and regressors, and the fields of networks that they fill. */
final class FeatureColumns {
    /** The field that takes the features. */
    static final String FEATURES = "x";

    /** The field that takes the label. */
    static final String LABEL = "y";

    private FeatureColumns() {}

    static Map<String, String> of(String features, String label) {
        return Map.of(FEATURES, features, LABEL, label);
    }

    /** Number of features: from the column's metadata, or else its first row. */
    static int count(Dataset<?> frame, String column) {
        int known = AttributeGroup.fromStructField(frame.schema().apply(column)).size();
        if (known >= 0) {
            return known;
        }
        List<Row> first = frame.select(functions.col(column)).toDF().takeAsList(1);
        if (first.isEmpty() || first.get(0).isNullAt(0)) {
            throw new IllegalArgumentException("features cannot be counted: column='" + column + "', firstRow=" + first
                    + ". Give a frame with rows, the first without null.");
        }
        return first.get(0).<Vector>getAs(0).size();
    }

    /** Number of elements of the field that takes the features. */
    static int count(Network network) {
        return network.batchFields().stream()
                .filter(field -> field.name().equals(FEATURES))
                .mapToInt(field -> Math.toIntExact(field.sampleShape().numElements()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("network does not take features: network="
                        + network.title() + ", fields=" + network.batchFields() + ". Name its fields x and y, or use"
                        + " TartanEstimator."));
    }
}
