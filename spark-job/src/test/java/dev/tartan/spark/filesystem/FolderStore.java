package dev.tartan.spark.filesystem;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A store of scheme {@code store} that is a folder of this machine: {@code store://box/x} is {@code ROOT/box/x}. Files
 * are written once from their beginning to their end, times cannot be set, and renames fail if so configured.
 */
public final class FolderStore extends FileSystem {
    private static final String ROOT = "fs.store.root";
    private static final String REFUSES_RENAMES = "fs.store.refuses.renames";

    private final RawLocalFileSystem local = new RawLocalFileSystem();
    private URI uri = URI.create("store:///");
    private Path root = new Path("/");
    private boolean refusesRenames;

    /** Spark's properties that make the store known to Hadoop. */
    public static Map<String, String> properties(java.nio.file.Path root) {
        return Map.of(
                "spark.hadoop.fs.store.impl",
                FolderStore.class.getName(),
                "spark.hadoop.fs.store.impl.disable.cache",
                "true",
                "spark.hadoop." + ROOT,
                root.toString());
    }

    /** The property that makes renames fail. */
    public static String refusesRenames() {
        return "spark.hadoop." + REFUSES_RENAMES;
    }

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        local.initialize(URI.create("file:///"), conf);
        uri = URI.create(name.getScheme() + "://" + name.getAuthority());
        root = new Path(conf.get(ROOT) + "/" + name.getAuthority());
        refusesRenames = conf.getBoolean(REFUSES_RENAMES, false);
    }

    @Override
    public String getScheme() {
        return "store";
    }

    @Override
    public URI getUri() {
        return uri;
    }

    private Path inFolder(Path path) {
        checkPath(path);
        return new Path(root + path.toUri().getPath());
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return local.open(inFolder(path), bufferSize);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        if (!overwrite && local.exists(inFolder(path))) {
            throw new FileAlreadyExistsException(path + " already exists");
        }
        return local.create(inFolder(path), overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("no append: " + path);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        return !refusesRenames && !local.exists(inFolder(to)) && local.rename(inFolder(from), inFolder(to));
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        return local.delete(inFolder(path), recursive);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        if (getFileStatus(path).isFile()) {
            return new FileStatus[] {getFileStatus(path)};
        }
        List<FileStatus> entries = new ArrayList<>();
        for (FileStatus entry : local.listStatus(inFolder(path))) {
            entries.add(ofStore(entry, new Path(path, entry.getPath().getName())));
        }
        return entries.toArray(new FileStatus[0]);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        try {
            return ofStore(local.getFileStatus(inFolder(path)), path);
        } catch (FileNotFoundException e) {
            throw new FileNotFoundException("not in the store: " + path);
        }
    }

    private static FileStatus ofStore(FileStatus status, Path path) {
        return new FileStatus(
                status.getLen(), status.isDirectory(), 1, status.getBlockSize(), status.getModificationTime(), path);
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) throws IOException {
        return local.mkdirs(inFolder(path), permission);
    }

    @Override
    public void setWorkingDirectory(Path folder) {
        throw new UnsupportedOperationException("no working directory: " + folder);
    }

    @Override
    public Path getWorkingDirectory() {
        return new Path(uri + "/");
    }
}
