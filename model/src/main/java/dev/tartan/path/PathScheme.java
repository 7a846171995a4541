package dev.tartan.path;

import java.net.URI;
import java.nio.file.Path;

/** Makes paths of URIs that are not of the local file system. Found by {@link java.util.ServiceLoader}. */
public interface PathScheme {
    /** Whether URIs like this one are for this scheme to take or to refuse. */
    boolean accepts(URI uri);

    /**
     * The path that a URI names, on a file system of its own, whose {@code toString} is the URI as a person writes it,
     * and of which {@link UriPath#of} makes an equal path. Nothing is contacted.
     *
     * @throws IllegalArgumentException saying what is missing, if this scheme cannot be used here
     */
    Path path(URI uri);
}
