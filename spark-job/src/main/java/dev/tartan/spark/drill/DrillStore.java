package dev.tartan.spark.drill;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The files of this machine as a store, {@code drill:/x} being {@code /x}, whose disk is full while a {@link Markers
 * marker} says so. Spark makes one where a path has its scheme.
 */
public final class DrillStore extends RawLocalFileSystem {
    private static final String SCHEME = "drill";
    private static final URI ROOT = URI.create(SCHEME + ":///");
    private static final String MARKERS = "fs.drill.markers";

    private Markers markers = new Markers(Path.of("/nonexistent"));

    /** Spark's properties that make the store known to Hadoop. */
    static Map<String, String> properties(Path markers) {
        return Map.of(
                "spark.hadoop.fs.drill.impl",
                DrillStore.class.getName(),
                "spark.hadoop.fs.drill.impl.disable.cache",
                "true",
                "spark.hadoop." + MARKERS,
                markers.toString());
    }

    /** How a folder of this machine is called in the store. */
    static String uri(Path local) {
        return SCHEME + "://" + local.toAbsolutePath();
    }

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        markers = new Markers(Path.of(conf.get(MARKERS, "/nonexistent")));
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FSDataOutputStream create(
            org.apache.hadoop.fs.Path path,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        return failing(super.create(path, overwrite, bufferSize, replication, blockSize, progress));
    }

    @Override
    public FSDataOutputStream create(
            org.apache.hadoop.fs.Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        return failing(super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress));
    }

    private FSDataOutputStream failing(FSDataOutputStream out) throws IOException {
        return new FSDataOutputStream(new FailingStream(out), null);
    }

    /** Fails as Linux lets writes to a full disk fail. */
    private final class FailingStream extends FilterOutputStream {
        FailingStream(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            check();
            out.write(bytes, offset, length);
        }

        @Override
        public void write(int value) throws IOException {
            check();
            out.write(value);
        }

        private void check() throws IOException {
            if (markers.isSet(Markers.FULL)) {
                throw new IOException("No space left on device");
            }
        }
    }
}
