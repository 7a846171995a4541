package dev.tartan.spark.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A file that is written front to back and then mapped, in segments below 2 GiB. It has no name any more once it is
 * open, so its space is free again when it is closed or the process ends, however that ends. Not thread-safe while it
 * is written.
 */
final class MappedFile implements AutoCloseable {
    /**
     * As long as a huge page, in which Linux then keeps the file, and maps it: reading rows here and there in a mapping
     * of smaller pages takes up to ten times as long.
     */
    private static final int BUFFER_BYTES = 2 << 20;

    private final Path path;
    private final FileChannel channel;
    private final int segmentBytes;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final List<MappedByteBuffer> segments = new ArrayList<>();
    private long size;

    private MappedFile(Path path, FileChannel channel, int segmentBytes) {
        this.path = path;
        this.channel = channel;
        this.segmentBytes = segmentBytes;
    }

    /**
     * Makes a file.
     *
     * @param folder on a local disk
     * @param segmentBytes of each mapping
     */
    static MappedFile create(Path folder, int segmentBytes) {
        Path path = folder.resolve("tartan-spool-" + UUID.randomUUID());
        try {
            // Linux unlinks a file that is to be deleted on close as soon as it is open.
            FileChannel channel = FileChannel.open(
                    path,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
            return new MappedFile(path, channel, segmentBytes);
        } catch (IOException e) {
            throw failure(path, 0, e);
        }
    }

    /** Bytes written so far. */
    long size() {
        return size;
    }

    /** Writes {@code length} bytes of an array. */
    void write(byte[] bytes, int offset, int length) {
        int done = 0;
        while (done < length) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int part = Math.min(buffer.remaining(), length - done);
            buffer.put(bytes, offset + done, part);
            done += part;
        }
        size += length;
    }

    /** Writes zeros, so that the disk has room for what is written there later. */
    void writeZeros(long length) {
        byte[] zeros = new byte[(int) Math.min(length, BUFFER_BYTES)];
        for (long done = 0; done < length; done += zeros.length) {
            write(zeros, 0, (int) Math.min(zeros.length, length - done));
        }
    }

    private void flush() {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                int unused = channel.write(buffer);
            }
        } catch (IOException e) {
            throw failure(path, size, e);
        }
        buffer.clear();
    }

    /** Maps all that was written, little-endian, a buffer for each segment; nothing is to be written after it. */
    List<ByteBuffer> map(MapMode mode) {
        flush();
        List<ByteBuffer> mapped = new ArrayList<>();
        try {
            for (long start = 0; start < size; start += segmentBytes) {
                MappedByteBuffer segment = channel.map(mode, start, Math.min(segmentBytes, size - start));
                segments.add(segment);
                mapped.add(segment.order(ByteOrder.LITTLE_ENDIAN));
            }
        } catch (IOException e) {
            throw failure(path, size, e);
        }
        return mapped;
    }

    /** Gives the space back; the segments must not be used after it. */
    @Override
    public void close() {
        segments.forEach(MappedFile::unmap);
        segments.clear();
        try {
            channel.close();
        } catch (IOException e) {
            throw failure(path, size, e);
        }
    }

    /** Java 17 has no other way to unmap, and mapped space is not free until then. */
    private static void unmap(MappedByteBuffer segment) {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            Method cleaner = type.getMethod("invokeCleaner", ByteBuffer.class);
            cleaner.invoke(field.get(null), segment);
        } catch (ReflectiveOperationException e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            throw new IllegalStateException("spool cannot be unmapped: reason=" + cause, e);
        }
    }

    private static UncheckedIOException failure(Path path, long size, IOException e) {
        return new UncheckedIOException(
                "spool of samples cannot be written: path=" + path + ", bytes=" + size + ", reason=" + e.getMessage()
                        + ". Free space there, or set spark.local.dir to a larger disk.",
                e);
    }
}
