package dev.tartan.train;

import dev.tartan.path.UriPath;
import java.nio.file.Path;

/**
 * All that a run begins with: a file of parameters, running statistics and optimizer state, and how far the training
 * was that they come from. The optimizer's step count, random numbers and the order of samples go on from there; the
 * run's own steps are counted from 0.
 *
 * @param file safetensors, as {@link TrainingJob#finalState} leaves it: tensors by the parameters' names, and
 *     {@code <parameter>.<state>} for optimizer state
 * @param steps updates made before
 * @param epochs how often samples that have epochs were gone through before
 */
public record InitialState(Path file, long steps, long epochs) {
    /**
     * Checks the counts and the path.
     *
     * @throws IllegalArgumentException if a count is negative, or the path is a URI that became a local path
     */
    public InitialState {
        UriPath.checked(file);
        if (steps < 0 || epochs < 0) {
            throw new IllegalArgumentException("initial state has a negative count: steps=" + steps + ", epochs="
                    + epochs + ". Give how much was trained before, 0 for nothing.");
        }
    }

    /** The same state, found elsewhere. */
    InitialState in(Path place) {
        return new InitialState(place, steps, epochs);
    }

    /** How many steps of samples come before the run's first, given how many make an epoch, 0 if there are none. */
    long samplesBefore(long stepsPerEpoch) {
        return stepsPerEpoch == 0 ? steps : Math.multiplyExact(epochs, stepsPerEpoch);
    }
}
