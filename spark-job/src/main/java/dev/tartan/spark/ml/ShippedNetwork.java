package dev.tartan.spark.ml;

import dev.tartan.network.Network;
import dev.tartan.spark.runtime.ShippedFile;
import dev.tartan.spark.runtime.UserObject;
import java.io.Serializable;
import java.util.Set;
import java.util.TreeSet;

/**
 * A trained network as tasks get it.
 *
 * @param source the {@link NetworkSource}, which makes the network
 * @param file its parameters
 * @param outputs the outputs to be computed
 * @param optional those of the network's optional fields that are given
 */
record ShippedNetwork(UserObject source, ShippedFile file, Set<String> outputs, Set<String> optional)
        implements Serializable {
    private static final long serialVersionUID = 1;

    ShippedNetwork {
        outputs = new TreeSet<>(outputs);
        optional = new TreeSet<>(optional);
    }

    /** Makes the network. */
    Network create() {
        return ((NetworkSource) source.read()).factory().create();
    }
}
