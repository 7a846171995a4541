package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.SeekableByteChannel;

/** Writes a file of a store from its beginning to its end. Used by one thread at a time. */
final class StoreWriteChannel implements SeekableByteChannel {
    private static final int CHUNK_BYTES = 1 << 16;

    private final StorePath path;
    private final OutputStream out;
    private long written;
    private boolean open = true;

    StoreWriteChannel(StorePath path, OutputStream out) {
        this.path = path;
        this.out = out;
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        checkOpen();
        int length = src.remaining();
        byte[] chunk = new byte[Math.min(CHUNK_BYTES, length)];
        while (src.hasRemaining()) {
            int count = Math.min(chunk.length, src.remaining());
            src.get(chunk, 0, count);
            out.write(chunk, 0, count);
        }
        written += length;
        return length;
    }

    @Override
    public int read(ByteBuffer dst) {
        throw new NonReadableChannelException();
    }

    @Override
    public long position() throws IOException {
        checkOpen();
        return written;
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        checkOpen();
        if (newPosition != written) {
            throw new UnsupportedOperationException("files of a store are written from their beginning to their end:"
                    + " path=" + path + ", position=" + newPosition + ", written=" + written + ".");
        }
        return this;
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return written;
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        checkOpen();
        if (size < written) {
            throw new UnsupportedOperationException(
                    "files of a store cannot be cut: path=" + path + ", size=" + size + ", written=" + written + ".");
        }
        return this;
    }

    private void checkOpen() throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        open = false;
        out.close();
    }
}
