package dev.tartan.spark.ml;

import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of rows whose features are null or have a number that is not finite, in the words that Spark ML has for
 * it. Features of another size than the network's are an error in any case.
 *
 * @param <E> the class itself
 */
public interface HandleInvalidParams<E> extends InferenceParams<E> {
    /** Such a row fails the query; unless set. */
    String ERROR = "error";

    /** Such a row is left out of the frame. */
    String SKIP = "skip";

    /** Such a row has NaN in the columns of the model. */
    String KEEP = "keep";

    /** What becomes of rows that cannot be predicted. */
    default Param<String> handleInvalid() {
        return new Param<>(
                uid(),
                "handleInvalid",
                "how rows with null or NaN features are handled: error, skip (left out), keep (NaN is predicted)",
                ParamValidators.inArray(new String[] {ERROR, SKIP, KEEP}));
    }

    /** See {@link #handleInvalid()}; {@value #ERROR} unless set. */
    default String getHandleInvalid() {
        return getOrDefault(handleInvalid());
    }

    /** See {@link #handleInvalid()}. */
    default E setHandleInvalid(String value) {
        return with(() -> set(handleInvalid(), value));
    }

    /** The rows of a frame that are predicted, by a column of features. */
    default Dataset<Row> handled(Dataset<?> frame, String features) {
        if (!getHandleInvalid().equals(SKIP)) {
            return frame.toDF();
        }
        return frame.toDF()
                .filter(functions
                        .udf(new IsFinite(), DataTypes.BooleanType)
                        .apply(frame.col("`" + features.replace("`", "``") + "`")));
    }

    /** Whether a vector is there and has numbers alone that are finite as float32. */
    final class IsFinite implements UDF1<@Nullable Vector, Boolean> {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean call(@Nullable Vector vector) {
            if (vector == null) {
                return false;
            }
            double[] values = vector instanceof org.apache.spark.ml.linalg.SparseVector sparse
                    ? sparse.values()
                    : vector.toArray();
            for (double value : values) {
                if (!Float.isFinite((float) value)) {
                    return false;
                }
            }
            return true;
        }
    }
}
