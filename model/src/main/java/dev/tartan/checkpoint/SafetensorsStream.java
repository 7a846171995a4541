package dev.tartan.checkpoint;

import dev.tartan.graph.HalfPrecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file of floating-point tensors from its beginning to its end, as stores want it, and rounds
 * elements where the file has a narrower type. Takes a piece of memory, whatever the tensors' sizes. Used by one
 * thread.
 */
public final class SafetensorsStream implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    private final Path path;
    private final SeekableByteChannel channel;
    private final Iterator<SafetensorsEntry> following;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES).order(SafetensorsDescriptor.BYTE_ORDER);
    private SafetensorsEntry current;
    private long left;
    private boolean finished;

    private SafetensorsStream(Path path, SeekableByteChannel channel, SafetensorsHeader header) {
        this.path = path;
        this.channel = channel;
        this.following = header.tensors().values().iterator();
        this.current = following.next();
        this.left = current.shape().numElements();
    }

    /**
     * Starts a file in a folder that is there, in place of an earlier one.
     *
     * @param tensors at least one, F32, F16 or BF16 all of them
     * @param metadata free text to store, in this order
     * @throws OutputException if the file cannot be made
     */
    public static SafetensorsStream create(Path path, List<TensorDeclaration> tensors, Map<String, String> metadata) {
        SafetensorsHeader header =
                new SafetensorsHeader(SafetensorsHeader.layOut(tensors), new LinkedHashMap<>(metadata));
        byte[] json = header.toBytes();
        try {
            SeekableByteChannel channel = Files.newByteChannel(
                    path, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
            SafetensorsStream stream = new SafetensorsStream(path, channel, header);
            try {
                ByteBuffer start = SafetensorsDescriptor.allocate(SafetensorsDescriptor.HEADER_OFFSET + json.length);
                stream.put(start.putLong(json.length).put(json).flip());
                return stream;
            } catch (IOException e) {
                stream.close();
                throw e;
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    /**
     * Adds elements.
     *
     * @param tensor whose they are; tensors come in the order in which they were declared, each wholly
     * @param values little-endian float32, all that remains
     * @throws OutputException if the disk or the store fails
     */
    public void write(String tensor, ByteBuffer values) {
        passWritten();
        int count = values.remaining() / Float.BYTES;
        if (!current.name().equals(tensor) || count > left) {
            throw new IllegalStateException("tensor is not next in the file: path=" + path + ", tensor=" + tensor
                    + ", next=" + current.name() + ", elements=" + count + ", left=" + left + ".");
        }
        left -= count;
        try {
            if (current.type() == SafetensorsType.F32) {
                put(values);
            } else {
                putRounded(values.order(SafetensorsDescriptor.BYTE_ORDER));
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    /** Goes on to the next tensor that has elements to come. */
    private void passWritten() {
        while (left == 0 && following.hasNext()) {
            current = following.next();
            left = current.shape().numElements();
        }
    }

    private void putRounded(ByteBuffer values) throws IOException {
        while (values.hasRemaining()) {
            piece.clear();
            while (values.hasRemaining() && piece.hasRemaining()) {
                piece.putShort(rounded(values.getFloat()));
            }
            put(piece.flip());
        }
    }

    private short rounded(float value) {
        return switch (current.type()) {
            case F16 -> HalfPrecision.toFloat16(value);
            case BF16 -> HalfPrecision.toBfloat16(value);
            default ->
                throw new IllegalArgumentException(
                        "element type cannot be written: type=" + current.type() + ". Choose F32, F16 or BF16.");
        };
    }

    private void put(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Ends the file; it is on the disk, or closed in the store, when this returns.
     *
     * @throws IllegalStateException if elements are missing
     * @throws OutputException if the disk or the store fails
     */
    public void finish() {
        passWritten();
        if (left > 0) {
            throw new IllegalStateException("tensor was not written wholly: path=" + path + ", tensor=" + current.name()
                    + ", left=" + left + ".");
        }
        try {
            if (channel instanceof FileChannel file) {
                file.force(true);
            }
            channel.close();
            finished = true;
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    /** Deletes the file if it was not finished. */
    @Override
    public void close() {
        if (finished) {
            return;
        }
        finished = true;
        try (channel) {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }
}
