package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * Writes a file of a store from its beginning to its end. What was flushed can be read by others where the store shows
 * files that are being written, as HDFS does; in an object store all appears when the stream is closed.
 */
final class StoreOutputStream extends OutputStream {
    private final StorePath path;
    private final FSDataOutputStream out;
    private final boolean shows;
    private boolean closed;

    StoreOutputStream(StorePath path, FSDataOutputStream out) {
        this.path = path;
        this.out = out;
        this.shows = out.hasCapability(StreamCapabilities.HSYNC);
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            if (shows) {
                out.hflush();
            } else {
                out.flush();
            }
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            out.close();
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }
}
