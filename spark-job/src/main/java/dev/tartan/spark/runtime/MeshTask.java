package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What each process of a mesh does. Java serialization takes it to the executors, so objects of the user's may be among
 * its fields: a lambda, an object of a class typed into a notebook.
 *
 * @param <I> what the driver hands to every task, sent by Tartan's Kryo in a broadcast
 * @param <R> what a task gives back, sent by Tartan's Kryo; null if it has nothing to give
 */
@FunctionalInterface
public interface MeshTask<I, R> extends Serializable {
    /**
     * Does the work of one process. A thrown exception makes all tasks of the mesh begin again, unless {@link #isFinal}
     * says that this is of no use.
     */
    @Nullable
    R run(I input, MeshTaskContext context) throws Exception;

    /** Whether a failure would repeat however often the stage is run, so that it must reach the user at once. */
    default boolean isFinal(Exception failure) {
        return failure instanceof IllegalArgumentException || failure instanceof OutputException;
    }
}
