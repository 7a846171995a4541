package dev.tartan.spark.ml;

import dev.tartan.spark.runtime.UserObject;
import dev.tartan.train.InferencePlan;
import dev.tartan.train.data.HostTensor;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.util.Identifiable;
import org.jspecify.annotations.Nullable;

/**
 * A network and its trained parameters: what models are made of.
 *
 * @param optional those of the network's optional fields that it was trained with
 */
record TrainedNetwork(NetworkSource source, ModelFile file, Set<String> optional) {
    TrainedNetwork {
        optional = Set.copyOf(optional);
    }

    /**
     * What a model was made of.
     *
     * @throws IllegalStateException if it was made of nothing
     */
    static TrainedNetwork of(Identifiable model, @Nullable TrainedNetwork trained) {
        if (trained == null) {
            throw new IllegalStateException("model has no network, as it was made by its constructor without arguments,"
                    + " or came by Java's serialization: uid=" + model.uid() + ". Fit an estimator, or load a model.");
        }
        return trained;
    }

    /** What outputs need and are. */
    InferencePlan.Signature signature(Set<String> outputs) {
        return InferencePlan.signature(source.factory().create(), outputs, optional);
    }

    /** These outputs for tasks. */
    ShippedNetwork shippedBy(SparkContext spark, Set<String> outputs) {
        return new ShippedNetwork(UserObject.of(source), file.shippedBy(spark), outputs, optional);
    }

    /** Predicts one sample in this process, which loads the model at the first. */
    Map<String, HostTensor> predictOne(Map<String, HostTensor> sample, Set<String> outputs) {
        Predictors predictors =
                Predictors.acquire(new ShippedNetwork(UserObject.of(source), file.here(), outputs, optional), 1);
        try {
            return predictors.predict(sample);
        } finally {
            predictors.release();
        }
    }
}
