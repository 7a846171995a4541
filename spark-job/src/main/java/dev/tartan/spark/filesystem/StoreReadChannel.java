package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * Reads a file of a store at any position. Many threads may read at positions at once; the channel's own position is
 * for one at a time.
 */
final class StoreReadChannel extends FileChannel {
    private static final int CHUNK_BYTES = 1 << 20;

    private final StorePath path;
    private final FSDataInputStream in;
    private final long size;
    private long position;

    /**
     * Reads from an open stream, which is closed with the channel.
     *
     * @param size of the file in bytes
     */
    StoreReadChannel(StorePath path, FSDataInputStream in, long size) {
        this.path = path;
        this.in = in;
        this.size = size;
    }

    @Override
    public int read(ByteBuffer dst, long from) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (from < 0) {
            throw new IllegalArgumentException("position is negative: path=" + path + ", position=" + from + ".");
        }
        if (!dst.hasRemaining()) {
            return 0;
        }
        try {
            if (dst.hasArray()) {
                int read = in.read(from, dst.array(), dst.arrayOffset() + dst.position(), dst.remaining());
                if (read > 0) {
                    dst.position(dst.position() + read);
                }
                return read;
            }
            byte[] chunk = new byte[Math.min(CHUNK_BYTES, dst.remaining())];
            int read = in.read(from, chunk, 0, chunk.length);
            if (read > 0) {
                dst.put(chunk, 0, read);
            }
            return read;
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    @Override
    public synchronized int read(ByteBuffer dst) throws IOException {
        int read = read(dst, position);
        position += Math.max(0, read);
        return read;
    }

    @Override
    public synchronized long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            while (dsts[i].hasRemaining()) {
                int read = read(dsts[i]);
                if (read < 0) {
                    return total == 0 ? -1 : total;
                }
                total += read;
            }
        }
        return total;
    }

    @Override
    public synchronized long position() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return position;
    }

    @Override
    public synchronized FileChannel position(long newPosition) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (newPosition < 0) {
            throw new IllegalArgumentException(
                    "position is negative: path=" + path + ", position=" + newPosition + ".");
        }
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return size;
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(0, count)));
        if (!chunk.hasRemaining() || read(chunk, from) < 0) {
            return 0;
        }
        return target.write(chunk.flip());
    }

    @Override
    public int write(ByteBuffer src) {
        throw new NonWritableChannelException();
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) {
        throw new NonWritableChannelException();
    }

    @Override
    public int write(ByteBuffer src, long at) {
        throw new NonWritableChannelException();
    }

    @Override
    public FileChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }

    @Override
    public long transferFrom(ReadableByteChannel src, long at, long count) {
        throw new NonWritableChannelException();
    }

    /** Nothing is written here. */
    @Override
    public void force(boolean metaData) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long length) {
        throw new UnsupportedOperationException("files of a store cannot be mapped: path=" + path + ".");
    }

    @Override
    public FileLock lock(long from, long length, boolean shared) {
        throw noLocks();
    }

    @Override
    public FileLock tryLock(long from, long length, boolean shared) {
        throw noLocks();
    }

    private UnsupportedOperationException noLocks() {
        return new UnsupportedOperationException("files of a store cannot be locked: path=" + path + ".");
    }

    @Override
    protected void implCloseChannel() throws IOException {
        in.close();
    }
}
