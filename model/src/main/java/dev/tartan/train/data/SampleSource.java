package dev.tartan.train.data;

import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;

/**
 * Where the samples of a run come from, as plain data that travels; opened in each process that trains. The samples of
 * a step are the same on every mesh.
 */
public interface SampleSource {
    /**
     * Which of the network's optional fields the samples have, and whether they have weights.
     *
     * @throws IllegalArgumentException if the samples do not go with the network
     */
    PresentFields fields(Network network);

    /**
     * Opens the samples and checks that they suffice for the run.
     *
     * @throws IllegalArgumentException if they are missing, too few, or of other shapes or types than asked for
     */
    BatchSource open(BatchSpec spec);
}
