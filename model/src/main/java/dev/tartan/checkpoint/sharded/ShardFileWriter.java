package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.SafetensorsDescriptor;
import dev.tartan.checkpoint.SafetensorsHeader;
import dev.tartan.checkpoint.TensorDeclaration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file from its beginning to its end, as stores want it, and sums up its blocks on the way. Takes
 * {@link BlockChecksums#BLOCK_BYTES} of memory, whatever the file's size. Used by one thread.
 *
 * <p>The bytes of the declared tensors are to be given one after the other, in the order of
 * {@link SafetensorsHeader#layOut}.
 */
public final class ShardFileWriter implements AutoCloseable {
    private final Path path;
    private final String name;
    private final SeekableByteChannel channel;
    private final long fileBytes;
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(BlockChecksums.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final int[] sums;
    private int numSums;
    private long written;
    private boolean finished;

    private ShardFileWriter(Path path, String name, SeekableByteChannel channel, long fileBytes) {
        this.path = path;
        this.name = name;
        this.channel = channel;
        this.fileBytes = fileBytes;
        this.sums = new int[Math.toIntExact(BlockChecksums.numBlocks(fileBytes))];
    }

    /**
     * Starts a file in a folder that is there, in place of what a try before left of it.
     *
     * @param metadata free text to store, in this order
     * @throws IOException if the file cannot be made
     */
    public static ShardFileWriter create(
            Path folder, String name, List<ShardTensor> tensors, Map<String, String> metadata) throws IOException {
        Map<String, String> described = new LinkedHashMap<>(metadata);
        List<TensorDeclaration> declarations = new ArrayList<>();
        for (ShardTensor tensor : tensors) {
            declarations.add(new TensorDeclaration(
                    tensor.name(), tensor.dtype(), tensor.box().shape()));
            described.put(ShardTensor.key(tensor.name()), ShardTensor.text(tensor.view(), tensor.box()));
        }
        SafetensorsHeader header = new SafetensorsHeader(SafetensorsHeader.layOut(declarations), described);
        byte[] json = header.toBytes();
        long bytes = SafetensorsDescriptor.dataOffset(json.length) + header.dataBytes();
        Path path = folder.resolve(name);
        SeekableByteChannel channel = Files.newByteChannel(
                path, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        ShardFileWriter writer = new ShardFileWriter(path, name, channel, bytes);
        ByteBuffer length =
                ByteBuffer.allocate(SafetensorsDescriptor.HEADER_OFFSET).order(ByteOrder.LITTLE_ENDIAN);
        try {
            writer.write(length.putLong(json.length).flip());
            writer.write(ByteBuffer.wrap(json));
        } catch (IOException e) {
            writer.close();
            throw e;
        }
        return writer;
    }

    /** Adds all that remains in a buffer. */
    public void write(ByteBuffer bytes) throws IOException {
        written += bytes.remaining();
        if (written > fileBytes) {
            throw new IllegalStateException("file gets more bytes than were declared: path=" + path + ", declared="
                    + fileBytes + ", given=" + written + ".");
        }
        while (bytes.hasRemaining()) {
            int count = Math.min(block.remaining(), bytes.remaining());
            block.put(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
            if (!block.hasRemaining()) {
                flush();
            }
        }
    }

    private void flush() throws IOException {
        block.flip();
        sums[numSums++] = BlockChecksums.of(block);
        while (block.hasRemaining()) {
            channel.write(block);
        }
        block.clear();
    }

    /**
     * Ends the file; it is on the disk, or closed in the store, when this returns.
     *
     * @throws IllegalStateException if bytes of a tensor were not given
     */
    public ShardFile finish() throws IOException {
        if (written != fileBytes) {
            throw new IllegalStateException("file lacks bytes that were declared: path=" + path + ", declared="
                    + fileBytes + ", given=" + written + ".");
        }
        if (block.position() > 0) {
            flush();
        }
        if (channel instanceof FileChannel file) {
            file.force(true);
        }
        channel.close();
        finished = true;
        return new ShardFile(name, fileBytes, new BlockChecksums(Arrays.copyOf(sums, numSums)));
    }

    /** Deletes the file if it was not finished. */
    @Override
    public void close() throws IOException {
        if (finished) {
            return;
        }
        finished = true;
        try {
            channel.close();
        } finally {
            Files.deleteIfExists(path);
        }
    }
}
