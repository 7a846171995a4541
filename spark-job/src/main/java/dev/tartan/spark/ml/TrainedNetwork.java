package dev.tartan.spark.ml;

import dev.tartan.spark.runtime.UserObject;
import dev.tartan.train.InferencePlan;
import dev.tartan.train.data.HostTensor;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;

/**
 * A network and its trained parameters: what models are made of.
 *
 * @param optional those of the network's optional fields that it was trained with
 */
record TrainedNetwork(NetworkSource source, ModelFile file, Set<String> optional) {
    TrainedNetwork {
        optional = Set.copyOf(optional);
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
