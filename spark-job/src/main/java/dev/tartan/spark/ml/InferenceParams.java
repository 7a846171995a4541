package dev.tartan.spark.ml;

import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;

/**
 * What models and their estimators have in common. Params of these interfaces are made anew at each call; Spark
 * compares them by owner and name.
 *
 * @param <E> the class itself
 */
public interface InferenceParams<E> extends Params {
    /** The batch unless set. */
    int DEFAULT_BATCH = 1024;

    /** Number of rows that go through the network at once. */
    default IntParam inferBatchSize() {
        return new IntParam(
                uid(), "inferBatchSize", "rows that go through the network at once (>= 1)", ParamValidators.gtEq(1));
    }

    /** See {@link #inferBatchSize()}; {@value #DEFAULT_BATCH} unless set. */
    default int getInferBatchSize() {
        return (Integer) getOrDefault(inferBatchSize());
    }

    /** See {@link #inferBatchSize()}. */
    default E setInferBatchSize(int value) {
        return with(() -> set(inferBatchSize(), value));
    }

    /** This, after a change. */
    @SuppressWarnings("unchecked")
    default E with(Runnable change) {
        change.run();
        return (E) this;
    }
}
