package dev.tartan.mesh;

import java.util.Locale;

/** Which memory of a device's machine a tensor is in; JAX calls them {@code device} and {@code pinned_host}. */
public enum MemoryKind {
    /** The memory that kernels and collectives work on. */
    DEVICE,
    /** The host's, where a tensor waits until it is needed. */
    HOST;

    /** For example {@code host}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
