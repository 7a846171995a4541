package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.apache.hadoop.fs.FileStatus;
import org.jspecify.annotations.Nullable;

/** A path in a store; its text, if it is absolute, is the URI as a person writes it. Immutable. */
final class StorePath implements Path {
    private final StoreFileSystem store;
    private final boolean absolute;
    private final List<String> names;
    private final @Nullable FileStatus listed;

    StorePath(StoreFileSystem store, boolean absolute, List<String> names) {
        this(store, absolute, names, null);
    }

    private StorePath(StoreFileSystem store, boolean absolute, List<String> names, @Nullable FileStatus listed) {
        this.store = store;
        this.absolute = absolute;
        this.names = List.copyOf(names);
        this.listed = listed;
    }

    /** An entry of this folder, which keeps what the listing told of it. */
    StorePath listed(FileStatus status) {
        List<String> longer = new ArrayList<>(names);
        longer.add(status.getPath().getName());
        return new StorePath(store, absolute, longer, status);
    }

    /** What the listing told that this path is from, so that a store is not asked again; null if it is from none. */
    @Nullable
    FileStatus listed() {
        return listed;
    }

    /** Hadoop's path for it. */
    org.apache.hadoop.fs.Path hadoop() {
        return new org.apache.hadoop.fs.Path(
                store.scheme(), store.authority(), toAbsolutePath().pathText());
    }

    /** The names of the path, without the store's address. */
    String names() {
        return String.join("/", names);
    }

    private String pathText() {
        return (absolute ? "/" : "") + names();
    }

    private StorePath with(boolean isAbsolute, List<String> others) {
        return new StorePath(store, isAbsolute, others);
    }

    private StorePath ofSameStore(Path other) {
        if (other instanceof StorePath path && path.store.equals(store)) {
            return path;
        }
        throw new ProviderMismatchException("paths are of different file systems: path=" + this + ", other=" + other
                + ". Give paths of one file system.");
    }

    @Override
    public StoreFileSystem getFileSystem() {
        return store;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public @Nullable Path getRoot() {
        return absolute ? with(true, List.of()) : null;
    }

    @Override
    public @Nullable Path getFileName() {
        return names.isEmpty() ? null : with(false, names.subList(names.size() - 1, names.size()));
    }

    @Override
    public @Nullable Path getParent() {
        if (names.isEmpty() || (names.size() == 1 && !absolute)) {
            return null;
        }
        return with(absolute, names.subList(0, names.size() - 1));
    }

    @Override
    public int getNameCount() {
        return names.size();
    }

    @Override
    public Path getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public Path subpath(int beginIndex, int endIndex) {
        if (beginIndex < 0 || endIndex > names.size() || beginIndex >= endIndex) {
            throw new IllegalArgumentException("path has no such names: path=" + this + ", begin=" + beginIndex
                    + ", end=" + endIndex + ", names=" + names.size() + ".");
        }
        return with(false, names.subList(beginIndex, endIndex));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof StorePath path
                && path.store.equals(store)
                && path.absolute == absolute
                && path.names.size() <= names.size()
                && names.subList(0, path.names.size()).equals(path.names);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof StorePath path) || !path.store.equals(store)) {
            return false;
        }
        if (path.absolute) {
            return equals(path);
        }
        int start = names.size() - path.names.size();
        return start >= 0 && names.subList(start, names.size()).equals(path.names);
    }

    @Override
    public Path normalize() {
        List<String> kept = new ArrayList<>();
        for (String name : names) {
            boolean hasFolder = !kept.isEmpty() && !kept.get(kept.size() - 1).equals("..");
            if (name.equals("..") && hasFolder) {
                kept.remove(kept.size() - 1);
            } else if (!name.equals(".") && !(name.equals("..") && absolute)) {
                kept.add(name);
            }
        }
        return with(absolute, kept);
    }

    @Override
    public Path resolve(Path other) {
        if (other.isAbsolute()) {
            return other;
        }
        List<String> longer = new ArrayList<>(names);
        longer.addAll(ofSameStore(other).names);
        return with(absolute, longer);
    }

    @Override
    public Path relativize(Path other) {
        StorePath path = ofSameStore(other);
        if (path.absolute != absolute) {
            throw new IllegalArgumentException(
                    "one path is absolute, the other not: path=" + this + ", other=" + other + ". Give two of a kind.");
        }
        int common = 0;
        while (common < Math.min(names.size(), path.names.size())
                && names.get(common).equals(path.names.get(common))) {
            common++;
        }
        List<String> way = new ArrayList<>(Collections.nCopies(names.size() - common, ".."));
        way.addAll(path.names.subList(common, path.names.size()));
        return with(false, way);
    }

    @Override
    public URI toUri() {
        return store.uri(toAbsolutePath().pathText());
    }

    @Override
    public StorePath toAbsolutePath() {
        return absolute ? this : with(true, names);
    }

    /** Stores have no links that Hadoop would tell of. */
    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
        store.provider().checkAccess(this);
        return toAbsolutePath().normalize();
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException("stores cannot be watched: path=" + this + ".");
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(ofSameStore(other).toString());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StorePath path
                && path.absolute == absolute
                && path.names.equals(names)
                && path.store.equals(store);
    }

    @Override
    public int hashCode() {
        return Objects.hash(store, absolute, names);
    }

    @Override
    public String toString() {
        return absolute ? store + pathText() : names();
    }
}
