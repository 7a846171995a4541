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
     * Whether whoever runs a job brings the samples to its processes, as Spark does with rows: then they cannot be
     * opened beforehand, and need not be counted yet when a job is planned.
     */
    default boolean isBrought() {
        return false;
    }

    /**
     * What tells these samples from others, for people and for checkpoints: where they are, or better, what they are.
     */
    default String identity() {
        return toString();
    }

    /**
     * Opens the samples and checks that they suffice for the run.
     *
     * @throws IllegalArgumentException if they are missing, too few, or of other shapes or types than asked for
     */
    BatchSource open(BatchSpec spec);

    /**
     * Opens the samples to have each once, as validation does; {@code spec}'s steps and seed do not matter.
     *
     * @throws IllegalArgumentException if there are none, they do not go with the fields, or they have no end
     */
    default SampleSet openAll(BatchSpec spec) {
        throw new IllegalArgumentException("samples cannot be validated on, as they cannot be had each once: samples="
                + getClass().getSimpleName() + ". Implement SampleSource.openAll.");
    }

    /**
     * Opens the samples for evaluation on every rank alike, in batches of {@code spec}'s size.
     *
     * @throws IllegalArgumentException as {@link #openAll}
     */
    default EvaluationBatches openForEvaluation(BatchSpec spec) {
        SampleSet set = openAll(spec);
        if (set.numSamples() < 1) {
            set.close();
            throw new IllegalArgumentException("validation has no samples: samples=" + this + ". Give one or more.");
        }
        return new PaddedBatches(set, spec.globalBatch());
    }
}
