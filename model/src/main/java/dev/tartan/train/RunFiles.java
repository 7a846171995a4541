package dev.tartan.train;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a run's files are.
 *
 * @param output the folder of results, made where missing; null for a run that leaves none
 * @param initial a safetensors file of first parameters; null for the network's initial values
 */
public record RunFiles(@Nullable Path output, @Nullable Path initial) {
    /** No files at all. */
    public static final RunFiles NONE = new RunFiles(null, null);

    /** A file in the output folder; null if there is none. */
    @Nullable
    Path result(String name) {
        return output == null ? null : output.resolve(name);
    }
}
