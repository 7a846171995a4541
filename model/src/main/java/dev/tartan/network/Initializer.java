package dev.tartan.network;

import dev.tartan.mesh.Shape;

/**
 * Initial values of a parameter as a pure function of seed, stream and the global element index, so that any shard can
 * be made alone and the mesh does not matter. See {@link Initializers}.
 */
@FunctionalInterface
public interface Initializer {
    /**
     * The elements of a tensor.
     *
     * @param shape the whole tensor, without padding
     * @param stream a number for the parameter
     */
    Elements elements(Shape shape, long seed, int stream);

    /** Values by row-major index in the whole tensor. Not thread-safe. */
    @FunctionalInterface
    interface Elements {
        float at(long index);
    }
}
