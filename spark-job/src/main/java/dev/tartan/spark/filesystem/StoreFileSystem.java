package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A store, such as {@code hdfs://host:8020}. Two of one address are equal. Nothing is contacted before a file is asked
 * for. Thread-safe; never closed.
 */
final class StoreFileSystem extends FileSystem {
    private static final String SEPARATOR = "/";
    private static final StoreProvider PROVIDER = new StoreProvider();

    private final String scheme;
    private final @Nullable String authority;
    private org.apache.hadoop.fs.@Nullable FileSystem hadoop;

    StoreFileSystem(String scheme, @Nullable String authority) {
        this.scheme = scheme;
        this.authority = authority;
    }

    /** Hadoop's client of this store, which its cache shares with Spark's. */
    synchronized org.apache.hadoop.fs.FileSystem hadoop() throws IOException {
        if (hadoop == null) {
            try {
                hadoop = org.apache.hadoop.fs.FileSystem.get(uri(SEPARATOR), HadoopConfiguration.current());
            } catch (RuntimeException e) {
                // Hadoop wraps, for one, that a host is not known.
                throw new IOException(String.valueOf(e.getMessage()), e);
            }
        }
        return hadoop;
    }

    /** An absolute path. */
    StorePath path(String text) {
        return new StorePath(this, true, names(text));
    }

    @Override
    public StorePath getPath(String first, String... more) {
        String text = first + Arrays.stream(more).map(part -> SEPARATOR + part).reduce("", String::concat);
        return new StorePath(this, text.startsWith(SEPARATOR), names(text));
    }

    private static List<String> names(String text) {
        List<String> names = new ArrayList<>();
        for (String name : text.split(SEPARATOR, -1)) {
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        return names;
    }

    URI uri(String path) {
        try {
            return new URI(scheme, authority, path, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("path of a store is no URI: path=" + path + ".", e);
        }
    }

    String scheme() {
        return scheme;
    }

    @Nullable
    String authority() {
        return authority;
    }

    /** The address as a person writes it, without the slash of a path. */
    @Override
    public String toString() {
        return scheme + "://" + (authority == null ? "" : authority);
    }

    @Override
    public FileSystemProvider provider() {
        return PROVIDER;
    }

    /** Stores stay open: their clients are shared by all of the JVM. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("stores cannot be closed: store=" + this + ".");
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return SEPARATOR;
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(path(SEPARATOR));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    /** Matches as on the local file system, by the names of the path without the store's address. */
    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        PathMatcher local = FileSystems.getDefault().getPathMatcher(syntaxAndPattern);
        return path -> path instanceof StorePath store && local.matches(Path.of(store.names()));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("stores tell no users: store=" + this + ".");
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("stores cannot be watched: store=" + this + ".");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoreFileSystem store
                && scheme.equals(store.scheme)
                && Objects.equals(authority, store.authority);
    }

    @Override
    public int hashCode() {
        return Objects.hash(scheme, authority);
    }
}
