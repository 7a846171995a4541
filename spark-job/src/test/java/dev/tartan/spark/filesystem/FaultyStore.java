package dev.tartan.spark.filesystem;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The files of this machine as a store, {@code faulty:/x} being {@code /x}, that fails when its rule says so. */
public final class FaultyStore extends RawLocalFileSystem {
    private static final URI ROOT = URI.create("faulty:///");
    private static final AtomicReference<Rule> RULE = new AtomicReference<>((doing, path) -> {});

    /** What is done to the store. */
    enum Doing {
        ASK,
        LIST,
        READ,
        MAKE_FOLDER,
        CREATE,
        WRITE,
        CLOSE,
        DELETE
    }

    /** Decides what fails. */
    interface Rule {
        /** Throws if this is to fail. */
        void check(Doing doing, String path) throws IOException;
    }

    /** Spark's properties that make the store known to Hadoop. */
    static Map<String, String> properties() {
        return Map.of("spark.hadoop.fs.faulty.impl", FaultyStore.class.getName());
    }

    /** Goes by a rule from now on. */
    static void rule(Rule rule) {
        RULE.set(rule);
    }

    private static void check(Doing doing, Path path) throws IOException {
        RULE.get().check(doing, path.toUri().getPath());
    }

    @Override
    public String getScheme() {
        return "faulty";
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        check(Doing.ASK, path);
        return super.getFileStatus(path);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        check(Doing.LIST, path);
        return super.listStatus(path);
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        check(Doing.READ, path);
        return super.open(path, bufferSize);
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) throws IOException {
        check(Doing.MAKE_FOLDER, path);
        return super.mkdirs(path, permission);
    }

    @Override
    public boolean mkdirs(Path path) throws IOException {
        check(Doing.MAKE_FOLDER, path);
        return super.mkdirs(path);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        check(Doing.DELETE, path);
        return super.delete(path, recursive);
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        check(Doing.CREATE, path);
        OutputStream out = super.create(path, overwrite, bufferSize, replication, blockSize, progress);
        return new FSDataOutputStream(new CheckedStream(out, path), null);
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
        return create(path, overwrite, bufferSize, replication, blockSize, progress);
    }

    private static final class CheckedStream extends FilterOutputStream {
        private final Path path;

        CheckedStream(OutputStream out, Path path) {
            super(out);
            this.path = path;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            check(Doing.WRITE, path);
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            out.close();
            check(Doing.CLOSE, path);
        }
    }
}
