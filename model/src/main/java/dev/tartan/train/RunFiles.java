package dev.tartan.train;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a run's files are.
 *
 * @param output the folder of results, local or in a store, made where missing; null for a run that leaves none
 * @param staging where a process that is not on the driver's machine writes what belongs into the output folder, to be
 *     carried there; null to write it there at once
 * @param initial a safetensors file of first parameters; null for the network's initial values
 * @param resume a checkpoint of this run to go on from; null to begin at step 0
 * @param initialState what all states are at first; null for {@code initial} and the optimizer's own
 * @param finalState the file of all states at the end; null for none
 */
public record RunFiles(
        @Nullable Path output,
        @Nullable Path initial,
        @Nullable Path staging,
        @Nullable Path resume,
        @Nullable InitialState initialState,
        @Nullable Path finalState) {
    /** No files at all. */
    public static final RunFiles NONE = new RunFiles(null, null, null, null, null, null);

    /** The name of the file of all states in a staging folder. */
    public static final String STAGED_STATE = "state.safetensors";

    /** A file in the output folder, where this process writes it; null if there is none. */
    @Nullable
    Path result(String name) {
        Path folder = staging == null ? output : staging;
        return output == null || folder == null ? null : folder.resolve(name);
    }

    /** The file of all states, where this process writes it; null if there is none. */
    @Nullable
    Path stateResult() {
        return finalState == null || staging == null ? finalState : staging.resolve(STAGED_STATE);
    }

    /** These with first parameters from another place, and the optimizer's own first state. */
    RunFiles from(@Nullable Path place) {
        return new RunFiles(output, place, staging, resume, null, finalState);
    }

    /** These with another first state; null for the network's and the optimizer's own. */
    RunFiles beginningWith(@Nullable InitialState state) {
        return new RunFiles(output, null, staging, resume, state, finalState);
    }

    /** These with all states in another file at the end; null for none. */
    RunFiles endingIn(@Nullable Path file) {
        return new RunFiles(output, initial, staging, resume, initialState, file);
    }

    /** These with results written to a folder of this process first. */
    RunFiles staged(Path folder) {
        return new RunFiles(output, initial, folder, resume, initialState, finalState);
    }

    /** These with results in another folder. */
    RunFiles to(@Nullable Path folder) {
        return new RunFiles(folder, initial, null, resume, initialState, finalState);
    }

    /** These going on from a checkpoint, or from none. */
    RunFiles resumed(@Nullable Path checkpoint) {
        return new RunFiles(output, initial, staging, checkpoint, initialState, finalState);
    }
}
