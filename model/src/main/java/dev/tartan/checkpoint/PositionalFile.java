package dev.tartan.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file written at positions; an interface so that tests can let the disk fill up. */
interface PositionalFile extends Closeable {
    /** Opens files for {@link SafetensorsWriter}. */
    interface Opener {
        PositionalFile open(Path path) throws IOException;
    }

    /** Writes all of {@code bytes} at {@code position}. */
    void write(ByteBuffer bytes, long position) throws IOException;

    /** Returns once everything written is on the disk. */
    void force() throws IOException;

    /** Makes {@code path} an empty file on the file system. */
    static PositionalFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        return new PositionalFile() {
            @Override
            public void write(ByteBuffer bytes, long position) throws IOException {
                long start = position - bytes.position();
                while (bytes.hasRemaining()) {
                    channel.write(bytes, start + bytes.position());
                }
            }

            @Override
            public void force() throws IOException {
                channel.force(true);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }
}
