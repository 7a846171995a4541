package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A store could not be asked whether a file is there. Not an {@link IOException}, since
 * {@link java.nio.file.Files#exists} would take that as the answer that it is not.
 */
public final class StoreException extends UncheckedIOException {
    private static final long serialVersionUID = 1;

    StoreException(StorePath path, IOException cause) {
        super(
                "store cannot be asked for a file: path=" + path + ", reason=" + StoreFailures.reason(cause)
                        + ". Check that the store is up, and its address, port and credentials.",
                cause);
    }
}
