package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Does on a store what {@link java.nio.file.Files} asks for. It differs from a local file system in that folders above
 * a new file or folder are made with it, attributes of files cannot be given, and a store that fails to answer whether
 * a file is there ends in a {@link StoreException}. Not installed in the JVM: paths come from {@link StoreScheme}.
 */
final class StoreProvider extends FileSystemProvider {
    /** Of all stores, whatever their schemes. */
    @Override
    public String getScheme() {
        return "hadoop";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
        throw new UnsupportedOperationException("stores are opened by paths: uri=" + uri + ". Use UriPath.of.");
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        throw new UnsupportedOperationException("stores are opened by paths: uri=" + uri + ". Use UriPath.of.");
    }

    @Override
    public Path getPath(URI uri) {
        return new StoreScheme().path(uri);
    }

    static StorePath store(Path path) {
        if (path instanceof StorePath store) {
            return store;
        }
        throw new ProviderMismatchException("path is not in a store: path=" + path + ".");
    }

    @Override
    public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs)
            throws IOException {
        if (isWrite(options)) {
            return new StoreWriteChannel(store(path), StoreOpening.write(store(path), options));
        }
        return StoreOpening.read(store(path));
    }

    /** For reading only: ranks that write at positions write a local file first. */
    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs)
            throws IOException {
        if (isWrite(options)) {
            throw new UnsupportedOperationException("files of a store cannot be written at positions: path=" + path
                    + ". Write a local file and copy it.");
        }
        return StoreOpening.read(store(path));
    }

    private static boolean isWrite(Set<? extends OpenOption> options) {
        return options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
    }

    @Override
    public OutputStream newOutputStream(Path path, OpenOption... options) throws IOException {
        Set<OpenOption> asked = options.length == 0
                ? Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)
                : Set.of(options);
        return StoreOpening.write(store(path), asked);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path dir, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        return StoreListing.of(store(dir), filter);
    }

    @Override
    public void createDirectory(Path dir, FileAttribute<?>... attrs) throws IOException {
        StoreChanges.createFolder(store(dir));
    }

    @Override
    public void delete(Path path) throws IOException {
        StoreChanges.delete(store(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        StoreChanges.copy(store(source), store(target), List.of(options).contains(StandardCopyOption.REPLACE_EXISTING));
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        List<CopyOption> asked = List.of(options);
        if (asked.contains(StandardCopyOption.ATOMIC_MOVE)) {
            throw new AtomicMoveNotSupportedException(
                    source.toString(), target.toString(), "stores do not all rename at once");
        }
        StoreChanges.move(store(source), store(target), asked.contains(StandardCopyOption.REPLACE_EXISTING));
    }

    @Override
    public boolean isSameFile(Path path, Path path2) {
        return path instanceof StorePath
                && path2 instanceof StorePath
                && path.toAbsolutePath()
                        .normalize()
                        .equals(path2.toAbsolutePath().normalize());
    }

    /** As in Hadoop, by the first letter of the name. */
    @Override
    public boolean isHidden(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) {
        throw new UnsupportedOperationException("stores do not tell their space: path=" + path + ".");
    }

    /** Looks whether the file is there; what one may do with it shows when one does it. */
    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        StoreListing.attributes(store(path));
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        if (type != BasicFileAttributes.class && type != StoreAttributes.class) {
            throw new UnsupportedOperationException(
                    "stores tell basic attributes only: path=" + path + ", asked=" + type.getName() + ".");
        }
        return type.cast(StoreListing.attributes(store(path)));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        StoreAttributes all = StoreListing.attributes(store(path));
        Map<String, Object> known = Map.of(
                "lastModifiedTime", all.lastModifiedTime(),
                "size", all.size(),
                "isRegularFile", all.isRegularFile(),
                "isDirectory", all.isDirectory(),
                "isSymbolicLink", all.isSymbolicLink(),
                "isOther", all.isOther());
        String names = attributes.startsWith("basic:") ? attributes.substring("basic:".length()) : attributes;
        if (names.equals("*")) {
            return known;
        }
        Map<String, Object> chosen = new LinkedHashMap<>();
        for (String name : names.split(",", -1)) {
            Object value = known.get(name);
            if (value == null) {
                throw new UnsupportedOperationException(
                        "stores do not tell this attribute: path=" + path + ", attribute=" + name + ".");
            }
            chosen.put(name, value);
        }
        return chosen;
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return type == BasicFileAttributeView.class ? type.cast(new StoreAttributeView(store(path))) : null;
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        String name = attribute.startsWith("basic:") ? attribute.substring("basic:".length()) : attribute;
        if (!name.equals("lastModifiedTime") || !(value instanceof FileTime time)) {
            throw new UnsupportedOperationException(
                    "stores cannot set this attribute: path=" + path + ", attribute=" + attribute + ".");
        }
        new StoreAttributeView(store(path)).setTimes(time, null, null);
    }
}
