package dev.tartan.spark.ml;

import dev.tartan.mesh.Shape;
import dev.tartan.network.Network;
import dev.tartan.train.data.HostTensor;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

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

    /** A vector as a batch of one. */
    static Map<String, HostTensor> sample(Vector features) {
        float[] values = new float[features.size()];
        features.foreachActive(new AbstractFunction2<Object, Object, BoxedUnit>() {
            @Override
            public BoxedUnit apply(Object index, Object value) {
                values[(Integer) index] = ((Double) value).floatValue();
                return BoxedUnit.UNIT;
            }
        });
        return Map.of(FeatureColumns.FEATURES, HostTensor.ofFloats(Shape.shape(1, values.length), values));
    }
}
