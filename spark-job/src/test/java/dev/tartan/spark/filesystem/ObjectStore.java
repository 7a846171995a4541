package dev.tartan.spark.filesystem;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.hadoop.fs.BufferedFSInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Objects in this JVM's memory as a store of scheme {@code objects}, with the manners of S3: an object appears when it
 * is closed, in place of whatever was there; renames copy; nothing is appended to; and there are no folders, but only
 * names with slashes.
 */
public final class ObjectStore extends FileSystem {
    private static final URI ROOT = URI.create("objects:///");
    private static final ConcurrentSkipListMap<String, byte[]> OBJECTS = new ConcurrentSkipListMap<>();

    /** Spark's properties that make the store known to Hadoop. */
    static Map<String, String> properties() {
        return Map.of("spark.hadoop.fs.objects.impl", ObjectStore.class.getName());
    }

    /** Names of all objects below a folder, in order. */
    static List<String> names(String folder) {
        return OBJECTS.keySet().stream()
                .filter(name -> name.startsWith(folder + "/"))
                .toList();
    }

    private static String name(Path path) {
        return path.toUri().getPath();
    }

    @Override
    public String getScheme() {
        return "objects";
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        byte[] bytes = OBJECTS.get(name(path));
        if (bytes == null) {
            throw new FileNotFoundException(path.toString());
        }
        return new FSDataInputStream(new BufferedFSInputStream(new ObjectStream(bytes), bufferSize));
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
        OutputStream out = new ByteArrayOutputStream() {
            @Override
            public void close() {
                OBJECTS.put(name(path), toByteArray());
            }
        };
        return new FSDataOutputStream(out, null);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("no append: " + path);
    }

    @Override
    public boolean rename(Path from, Path to) {
        for (String name : OBJECTS.keySet()) {
            if (name.equals(name(from)) || name.startsWith(name(from) + "/")) {
                OBJECTS.put(name(to) + name.substring(name(from).length()), OBJECTS.get(name));
                OBJECTS.remove(name);
            }
        }
        return true;
    }

    @Override
    public boolean delete(Path path, boolean recursive) {
        return OBJECTS.remove(name(path)) != null;
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        Map<String, FileStatus> entries = new LinkedHashMap<>();
        String prefix = name(path) + "/";
        for (String name : names(name(path))) {
            Path entry = new Path(path, name.substring(prefix.length()).split("/", 2)[0]);
            entries.put(entry.toString(), getFileStatus(entry));
        }
        if (entries.isEmpty()) {
            throw new FileNotFoundException(path.toString());
        }
        return entries.values().toArray(new FileStatus[0]);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        byte[] bytes = OBJECTS.get(name(path));
        if (bytes == null && names(name(path)).isEmpty()) {
            throw new FileNotFoundException(path.toString());
        }
        return new FileStatus(bytes == null ? 0 : bytes.length, bytes == null, 1, 1, 0, path);
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) {
        return true;
    }

    @Override
    public void setWorkingDirectory(Path folder) {
        throw new UnsupportedOperationException("no working directory: " + folder);
    }

    @Override
    public Path getWorkingDirectory() {
        return new Path(ROOT);
    }

    private static final class ObjectStream extends FSInputStream {
        private final byte[] bytes;
        private int position;

        ObjectStream(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void seek(long to) {
            position = Math.toIntExact(to);
        }

        @Override
        public long getPos() {
            return position;
        }

        @Override
        public boolean seekToNewSource(long to) {
            return false;
        }

        @Override
        public int read() {
            return position == bytes.length ? -1 : bytes[position++] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int count = Math.min(length, bytes.length - position);
            if (count == 0 && length > 0) {
                return -1;
            }
            System.arraycopy(bytes, position, into, offset, count);
            position += count;
            return count;
        }
    }
}
