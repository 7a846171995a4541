package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads parts of a file and checks every block that it takes bytes of. Whole blocks go where they are wanted; of others
 * the last one read is kept. Used by one thread.
 */
final class VerifiedFile implements AutoCloseable {
    private final Path path;
    private final ShardFile expected;
    private final FileChannel channel;
    private @Nullable ByteBuffer kept;
    private long keptBlock = -1;

    private VerifiedFile(Path path, ShardFile expected, FileChannel channel) {
        this.path = path;
        this.expected = expected;
        this.channel = channel;
    }

    /**
     * Opens a file and checks its length.
     *
     * @throws InvalidCheckpointException if it is missing, no plain file, unreadable or of another length
     */
    static VerifiedFile open(Path folder, ShardFile expected) {
        Path path = folder.resolve(expected.name());
        // Opening a pipe would wait for whoever writes into it.
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new InvalidCheckpointException(
                    "checkpoint file is no plain file: path=" + path + ", offset=0. Resume from another one.");
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                long bytes = channel.size();
                if (bytes != expected.bytes()) {
                    throw new InvalidCheckpointException("checkpoint file has another length than its manifest says:"
                            + " path=" + path + ", offset=" + Math.min(bytes, expected.bytes()) + ", bytes=" + bytes
                            + ", expected=" + expected.bytes() + ". Resume from another one.");
                }
                return new VerifiedFile(path, expected, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new InvalidCheckpointException(
                    "checkpoint lacks a file: path=" + path + ", offset=0. Resume from another one.", e);
        } catch (IOException e) {
            throw unreadable(path, 0, e);
        }
    }

    private static InvalidCheckpointException unreadable(Path path, long offset, IOException cause) {
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new InvalidCheckpointException(
                "checkpoint file cannot be read: path=" + path + ", offset=" + offset + ", reason=" + reason
                        + ". Check the file and its disk.",
                cause);
    }

    Path path() {
        return path;
    }

    long bytes() {
        return expected.bytes();
    }

    /**
     * Fills a buffer from a position on.
     *
     * @throws InvalidCheckpointException if a block is not as it was written
     */
    void read(long position, ByteBuffer into) {
        long at = position;
        while (into.hasRemaining()) {
            long block = at / BlockChecksums.BLOCK_BYTES;
            long start = block * BlockChecksums.BLOCK_BYTES;
            int length = blockLength(block);
            if (at == start && into.remaining() >= length) {
                ByteBuffer place = into.slice(into.position(), length);
                load(block, place);
                into.position(into.position() + length);
                at += length;
                continue;
            }
            if (keptBlock != block) {
                keptBlock = -1;
                load(block, kept().clear().limit(length));
                keptBlock = block;
            }
            int within = (int) (at - start);
            int count = Math.min(length - within, into.remaining());
            into.put(kept().slice(within, count));
            at += count;
        }
    }

    /**
     * Checks all blocks.
     *
     * @param checked is told the bytes of each
     */
    void verify(LongConsumer checked) {
        for (long block = 0; block < expected.checksums().numBlocks(); block++) {
            keptBlock = -1;
            load(block, kept().clear().limit(blockLength(block)));
            checked.accept(blockLength(block));
        }
    }

    /** Made when it is needed: of many files only the length is looked at. */
    private ByteBuffer kept() {
        ByteBuffer buffer = kept;
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(BlockChecksums.BLOCK_BYTES);
            kept = buffer;
        }
        return buffer;
    }

    private int blockLength(long block) {
        long left = expected.bytes() - block * BlockChecksums.BLOCK_BYTES;
        return (int) Math.min(BlockChecksums.BLOCK_BYTES, left);
    }

    private void load(long block, ByteBuffer place) {
        long start = block * BlockChecksums.BLOCK_BYTES;
        ByteBuffer rest = place.duplicate();
        int begin = rest.position();
        try {
            while (rest.hasRemaining()) {
                if (channel.read(rest, start + rest.position() - begin) < 0) {
                    throw new InvalidCheckpointException("checkpoint file has become shorter: path=" + path
                            + ", offset=" + (start + rest.position() - begin) + ", expected=" + expected.bytes()
                            + ". Resume from another one.");
                }
            }
        } catch (IOException e) {
            throw unreadable(path, start, e);
        }
        int sum = BlockChecksums.of(place);
        if (sum != expected.checksums().sum((int) block)) {
            throw new InvalidCheckpointException("checkpoint file is corrupt: path=" + path + ", offset=" + start
                    + ", bytes=" + place.remaining() + ", crc32c=" + Integer.toHexString(sum) + ", expected="
                    + Integer.toHexString(expected.checksums().sum((int) block)) + ". Resume from another one.");
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw unreadable(path, 0, e);
        }
    }
}
