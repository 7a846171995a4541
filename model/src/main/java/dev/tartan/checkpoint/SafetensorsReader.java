package dev.tartan.checkpoint;

import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import dev.tartan.mesh.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;

/**
 * Reads tensors, or boxes of tensors, from a safetensors file by positional reads, so that a rank reads only its own
 * shard. Safe for use by many threads at once.
 *
 * <p>F32, F16 and BF16 are read as float32, F64 as float64 (or narrowed to float32), I32 and I64 as int32.
 */
public final class SafetensorsReader implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final SafetensorsHeader header;
    private final long dataOffset;

    private SafetensorsReader(Path path, FileChannel channel, SafetensorsHeader header, long dataOffset) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        this.dataOffset = dataOffset;
    }

    /**
     * Opens a file and checks all of its header.
     *
     * @throws InvalidCheckpointException if it is missing, unreadable or corrupt
     */
    public static SafetensorsReader open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new InvalidCheckpointException("safetensors file is missing: path=" + path
                    + (Files.isDirectory(path) ? ", reason=is a folder" : "") + ". Check the path.");
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
        try {
            return open(path, channel);
        } catch (IOException e) {
            closeAfter(channel, e);
            throw unreadable(path, e);
        } catch (RuntimeException e) {
            closeAfter(channel, e);
            throw e;
        }
    }

    private static SafetensorsReader open(Path path, FileChannel channel) throws IOException {
        long fileBytes = channel.size();
        if (fileBytes < SafetensorsDescriptor.HEADER_OFFSET + SafetensorsDescriptor.MIN_HEADER_BYTES) {
            throw SafetensorsHeader.corrupt(path, "too short for a header: fileBytes=" + fileBytes, null);
        }
        ByteBuffer length = SafetensorsDescriptor.allocate(SafetensorsDescriptor.HEADER_OFFSET);
        readFully(channel, length, 0);
        long headerBytes = length.getLong(0);
        if (headerBytes < SafetensorsDescriptor.MIN_HEADER_BYTES
                || headerBytes > SafetensorsDescriptor.MAX_HEADER_BYTES) {
            throw SafetensorsHeader.corrupt(
                    path,
                    "header length is out of range: headerBytes=" + Long.toUnsignedString(headerBytes) + ", maxBytes="
                            + SafetensorsDescriptor.MAX_HEADER_BYTES,
                    null);
        }
        long dataOffset = SafetensorsDescriptor.dataOffset(headerBytes);
        if (dataOffset > fileBytes) {
            throw SafetensorsHeader.corrupt(
                    path, "header is truncated: headerBytes=" + headerBytes + ", fileBytes=" + fileBytes, null);
        }
        byte[] json = new byte[(int) headerBytes];
        readFully(channel, ByteBuffer.wrap(json), SafetensorsDescriptor.HEADER_OFFSET);
        SafetensorsHeader header = SafetensorsHeader.parse(path, json, fileBytes - dataOffset);
        return new SafetensorsReader(path, channel, header, dataOffset);
    }

    /** The file being read. */
    public Path path() {
        return path;
    }

    /** Every tensor by name, in the order of their data in the file. */
    public Map<String, SafetensorsEntry> tensors() {
        return Collections.unmodifiableMap(header.tensors());
    }

    /** The file's free-text metadata. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /**
     * The tensor of this name.
     *
     * @throws InvalidCheckpointException if the file has none
     */
    public SafetensorsEntry tensor(String name) {
        SafetensorsEntry entry = header.tensors().get(name);
        if (entry == null) {
            throw new InvalidCheckpointException("tensor is not in the safetensors file: tensor=" + name + ", path="
                    + path + ", numTensors=" + header.tensors().size() + ". Check that the file is for this network.");
        }
        return entry;
    }

    /** All of a floating-point tensor, row-major. */
    public float[] readFloats(String name) {
        return readFloats(name, TensorSlice.whole(tensor(name).shape()));
    }

    /** A box of a floating-point tensor, row-major. */
    public float[] readFloats(String name, TensorSlice slice) {
        float[] values = new float[arrayLength(name, slice)];
        readFloats(name, slice, FloatBuffer.wrap(values));
        return values;
    }

    /**
     * A box of a floating-point tensor seen under another shape with the same elements in row-major order.
     *
     * @throws InvalidCheckpointException if the shape has another number of elements than the tensor
     */
    public float[] readFloats(String name, Shape view, TensorSlice slice) {
        SafetensorsEntry entry = tensor(name);
        SafetensorsEntry seen = new SafetensorsEntry(name, entry.type(), view, entry.offset(), entry.bytes());
        if (view.numElements() != entry.shape().numElements() || !slice.isWithin(view)) {
            throw new InvalidCheckpointException("tensor cannot be seen so: tensor=" + name + ", path=" + path
                    + ", shape=" + entry.shape() + ", view=" + view + ", slice=" + slice
                    + ". Check that the file is for this network.");
        }
        float[] values = new float[Math.toIntExact(slice.numElements())];
        readFloats(seen, slice, FloatBuffer.wrap(values));
        return values;
    }

    /** Puts a box of a floating-point tensor, row-major, into {@code destination} from its position on. */
    public void readFloats(String name, TensorSlice slice, FloatBuffer destination) {
        readFloats(check(name, slice), slice, destination);
    }

    private void readFloats(SafetensorsEntry entry, TensorSlice slice, FloatBuffer destination) {
        switch (entry.type()) {
            case F32 -> read(entry, slice, chunk -> destination.put(chunk.asFloatBuffer()));
            case F64 ->
                read(entry, slice, chunk -> {
                    while (chunk.hasRemaining()) {
                        destination.put((float) chunk.getDouble());
                    }
                });
            case F16 ->
                read(entry, slice, chunk -> {
                    while (chunk.hasRemaining()) {
                        destination.put(HalfPrecision.float16(chunk.getShort()));
                    }
                });
            case BF16 ->
                read(entry, slice, chunk -> {
                    while (chunk.hasRemaining()) {
                        destination.put(HalfPrecision.bfloat16(chunk.getShort()));
                    }
                });
            default -> throw wrongType(entry, DType.FLOAT32);
        }
    }

    /** All of an F64 or F32 tensor, row-major. */
    public double[] readDoubles(String name) {
        return readDoubles(name, TensorSlice.whole(tensor(name).shape()));
    }

    /** A box of an F64 or F32 tensor, row-major. */
    public double[] readDoubles(String name, TensorSlice slice) {
        double[] values = new double[arrayLength(name, slice)];
        SafetensorsEntry entry = check(name, slice);
        DoubleBuffer destination = DoubleBuffer.wrap(values);
        switch (entry.type()) {
            case F64 -> read(entry, slice, chunk -> destination.put(chunk.asDoubleBuffer()));
            case F32 ->
                read(entry, slice, chunk -> {
                    while (chunk.hasRemaining()) {
                        destination.put(chunk.getFloat());
                    }
                });
            default -> throw wrongType(entry, DType.FLOAT64);
        }
        return values;
    }

    /** All of an integer tensor, row-major. */
    public int[] readInts(String name) {
        return readInts(name, TensorSlice.whole(tensor(name).shape()));
    }

    /**
     * A box of an I32 or I64 tensor, row-major.
     *
     * @throws InvalidCheckpointException if an I64 does not fit 32 bits
     */
    public int[] readInts(String name, TensorSlice slice) {
        int[] values = new int[arrayLength(name, slice)];
        SafetensorsEntry entry = check(name, slice);
        IntBuffer destination = IntBuffer.wrap(values);
        switch (entry.type()) {
            case I32 -> read(entry, slice, chunk -> destination.put(chunk.asIntBuffer()));
            case I64 ->
                read(entry, slice, chunk -> {
                    while (chunk.hasRemaining()) {
                        destination.put(narrow(entry, chunk.getLong()));
                    }
                });
            default -> throw wrongType(entry, DType.INT32);
        }
        return values;
    }

    private int narrow(SafetensorsEntry entry, long value) {
        if (value != (int) value) {
            throw new InvalidCheckpointException("tensor has a value that does not fit int32: tensor=" + entry.name()
                    + ", path=" + path + ", value=" + value + ". Store indices below 2^31.");
        }
        return (int) value;
    }

    private interface ChunkSink {
        void accept(ByteBuffer chunk);
    }

    private void read(SafetensorsEntry entry, TensorSlice slice, ChunkSink sink) {
        int elementBytes = entry.type().bytes();
        long sliceBytes = slice.numElements() * elementBytes;
        ByteBuffer chunk = SafetensorsDescriptor.allocate((int) Math.min(CHUNK_BYTES, sliceBytes));
        try {
            slice.<IOException>forEachRun(entry.shape(), (wholeOffset, boxOffset, numElements) -> {
                long position = dataOffset + entry.offset() + wholeOffset * elementBytes;
                long end = position + numElements * elementBytes;
                while (position < end) {
                    chunk.clear().limit((int) Math.min(chunk.capacity(), end - position));
                    readFully(channel, chunk, position);
                    position += chunk.limit();
                    sink.accept(chunk.flip());
                }
            });
        } catch (IOException e) {
            throw new InvalidCheckpointException(
                    "tensor cannot be read: tensor=" + entry.name() + ", path=" + path + ", reason=" + e.getMessage()
                            + ". Check the file and its disk.",
                    e);
        }
    }

    private SafetensorsEntry check(String name, TensorSlice slice) {
        SafetensorsEntry entry = tensor(name);
        if (!slice.isWithin(entry.shape())) {
            throw new InvalidCheckpointException("slice is not within the tensor: tensor=" + name + ", path=" + path
                    + ", slice=" + slice + ", shape=" + entry.shape() + ". Check that the file is for this network.");
        }
        return entry;
    }

    private int arrayLength(String name, TensorSlice slice) {
        check(name, slice);
        long numElements = slice.numElements();
        if (numElements > Integer.MAX_VALUE - 8) {
            throw new InvalidCheckpointException("slice is too large for one array: tensor=" + name + ", path=" + path
                    + ", numElements=" + numElements + ". Read it in smaller slices.");
        }
        return (int) numElements;
    }

    private InvalidCheckpointException wrongType(SafetensorsEntry entry, DType wanted) {
        return new InvalidCheckpointException("tensor has another element type: tensor=" + entry.name() + ", path="
                + path + ", dtype=" + entry.type() + ", wanted=" + wanted + ". Convert the tensor in the file.");
    }

    private static InvalidCheckpointException unreadable(Path path, IOException cause) {
        return new InvalidCheckpointException(
                "safetensors file cannot be read: path=" + path + ", reason=" + cause.getMessage()
                        + ". Check the file and its disk.",
                cause);
    }

    private static void readFully(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
        long start = position - buffer.position();
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, start + buffer.position()) < 0) {
                throw new EOFException("file ended early");
            }
        }
    }

    private static void closeAfter(FileChannel channel, Exception failure) {
        try {
            channel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }
}
