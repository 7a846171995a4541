package dev.tartan.spark.ml;

import java.io.Serializable;
import java.util.Set;
import java.util.TreeSet;

/**
 * A trained network as tasks get it.
 *
 * @param source makes the network
 * @param file its parameters
 * @param outputs the outputs to be computed
 * @param optional those of the network's optional fields that are given
 */
record ShippedNetwork(NetworkSource source, ShippedFile file, Set<String> outputs, Set<String> optional)
        implements Serializable {
    private static final long serialVersionUID = 1;

    ShippedNetwork {
        outputs = new TreeSet<>(outputs);
        optional = new TreeSet<>(optional);
    }
}
