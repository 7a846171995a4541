package dev.tartan.checkpoint;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a safetensors file box by box, in any order, without ever holding a whole tensor: all tensors are declared
 * first, so every byte's place is known. Safe for use by many threads at once.
 *
 * <p>The file appears under its name only by {@link #finish()}, complete and on the disk; until then its bytes are in a
 * {@code .partial} file beside it, which {@link #close()} deletes if the writer was not finished.
 *
 * <pre>{@code
 * try (SafetensorsWriter writer = SafetensorsWriter.create(path, declarations, Map.of())) {
 *     writer.writeFloats("weight", TensorSlice.of(new long[] {0, 0}, new long[] {4, 2}), leftHalf);
 *     writer.writeFloats("weight", TensorSlice.of(new long[] {0, 2}, new long[] {4, 2}), rightHalf);
 *     writer.finish();
 * }
 * }</pre>
 */
public final class SafetensorsWriter implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path path;
    private final Path partial;
    private final PositionalFile file;
    private final SafetensorsHeader header;
    private final long dataOffset;
    private final Map<String, Shape> boxShapes = new LinkedHashMap<>();
    private final Map<String, List<TensorSlice>> written = new LinkedHashMap<>();
    private boolean closed;
    private @Nullable OutputException failure;

    private SafetensorsWriter(Path path, Path partial, PositionalFile file, SafetensorsHeader header, long dataOffset) {
        this.path = path;
        this.partial = partial;
        this.file = file;
        this.header = header;
        this.dataOffset = dataOffset;
        header.tensors().keySet().forEach(name -> written.put(name, new ArrayList<>()));
    }

    /**
     * Starts a file of exactly these tensors; folders are made where missing.
     *
     * @param metadata free text to store, in this order
     * @throws IllegalArgumentException if two tensors have one name
     * @throws OutputException if the file cannot be made
     */
    public static SafetensorsWriter create(Path path, List<TensorDeclaration> tensors, Map<String, String> metadata) {
        return create(path, tensors, metadata, PositionalFile::open);
    }

    static SafetensorsWriter create(
            Path path, List<TensorDeclaration> tensors, Map<String, String> metadata, PositionalFile.Opener opener) {
        SafetensorsHeader header =
                new SafetensorsHeader(SafetensorsHeader.layOut(tensors), new LinkedHashMap<>(metadata));
        byte[] json = header.toBytes();
        if (json.length > SafetensorsDescriptor.MAX_HEADER_BYTES) {
            throw new IllegalArgumentException("safetensors header is too long: path=" + path + ", headerBytes="
                    + json.length + ", maxBytes=" + SafetensorsDescriptor.MAX_HEADER_BYTES
                    + ". Spread the tensors over several files.");
        }
        Path absolute = path.toAbsolutePath();
        Path partial = absolute.resolveSibling(absolute.getFileName() + ".partial");
        PositionalFile file;
        try {
            Files.createDirectories(absolute.getParent());
            file = opener.open(partial);
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
        SafetensorsWriter writer =
                new SafetensorsWriter(path, partial, file, header, SafetensorsDescriptor.dataOffset(json.length));
        tensors.forEach(tensor -> writer.boxShapes.put(tensor.name(), tensor.boxShape()));
        ByteBuffer start = SafetensorsDescriptor.allocate(SafetensorsDescriptor.HEADER_OFFSET + json.length);
        start.putLong(json.length).put(json).flip();
        writer.put(start, 0);
        return writer;
    }

    /** Writes all of a float32 tensor, row-major. */
    public void writeFloats(String name, float[] values) {
        writeFloats(name, TensorSlice.whole(boxShape(entry(name))), values);
    }

    /** Writes a box of a float32 tensor, row-major. */
    public void writeFloats(String name, TensorSlice slice, float[] values) {
        writeFloats(name, slice, FloatBuffer.wrap(values));
    }

    /** Writes a box of a float32 tensor from all that remains in {@code values}, whose position stays. */
    public void writeFloats(String name, TensorSlice slice, FloatBuffer values) {
        int position = values.position();
        write(
                name,
                DType.FLOAT32,
                slice,
                values.remaining(),
                (chunk, from, count) -> chunk.asFloatBuffer().put(values.slice(position + from, count)));
    }

    /** Writes a box of a float64 tensor, row-major. */
    public void writeDoubles(String name, TensorSlice slice, double[] values) {
        write(
                name,
                DType.FLOAT64,
                slice,
                values.length,
                (chunk, from, count) -> chunk.asDoubleBuffer().put(values, from, count));
    }

    /** Writes a box of an int32 tensor, row-major. */
    public void writeInts(String name, TensorSlice slice, int[] values) {
        write(
                name,
                DType.INT32,
                slice,
                values.length,
                (chunk, from, count) -> chunk.asIntBuffer().put(values, from, count));
    }

    private interface ChunkSource {
        void fill(ByteBuffer chunk, int from, int count);
    }

    private void write(String name, DType dtype, TensorSlice slice, int numValues, ChunkSource source) {
        SafetensorsEntry entry = entry(name);
        claim(entry, dtype, slice, numValues);
        int elementBytes = entry.type().bytes();
        ByteBuffer chunk = SafetensorsDescriptor.allocate((int) Math.min(CHUNK_BYTES, (long) numValues * elementBytes));
        int chunkElements = chunk.capacity() / elementBytes;
        slice.forEachRun(boxShape(entry), (wholeOffset, boxOffset, numElements) -> {
            for (long done = 0; done < numElements; done += chunkElements) {
                int count = (int) Math.min(chunkElements, numElements - done);
                chunk.clear().limit(count * elementBytes);
                source.fill(chunk, (int) (boxOffset + done), count);
                put(chunk, dataOffset + entry.offset() + (wholeOffset + done) * elementBytes);
            }
        });
    }

    private Shape boxShape(SafetensorsEntry entry) {
        return boxShapes.getOrDefault(entry.name(), entry.shape());
    }

    private SafetensorsEntry entry(String name) {
        SafetensorsEntry entry = header.tensors().get(name);
        if (entry == null) {
            throw new IllegalArgumentException("tensor was not declared: tensor=" + name + ", path=" + path
                    + ". Declare every tensor when the writer is made.");
        }
        return entry;
    }

    private synchronized void claim(SafetensorsEntry entry, DType dtype, TensorSlice slice, int numValues) {
        String where = "tensor=" + entry.name() + ", slice=" + slice + ", shape=" + boxShape(entry) + ", path=" + path;
        if (failure != null) {
            throw failure;
        }
        if (closed) {
            throw new IllegalStateException("safetensors writer is closed: " + where + ".");
        }
        if (entry.type() != SafetensorsType.of(dtype)) {
            throw new IllegalArgumentException("tensor has another element type: declared=" + entry.type()
                    + ", written=" + dtype + ", " + where + ".");
        }
        if (!slice.isWithin(boxShape(entry))) {
            throw new IllegalArgumentException("slice is not within the tensor: " + where + ".");
        }
        if (slice.numElements() != numValues) {
            throw new IllegalArgumentException(
                    "values do not fill the slice: numValues=" + numValues + ", " + where + ".");
        }
        List<TensorSlice> earlier = written.computeIfAbsent(entry.name(), name -> new ArrayList<>());
        if (earlier.stream().anyMatch(slice::overlaps)) {
            throw new IllegalArgumentException("slice was written before: " + where + ". Write replicas only once.");
        }
        earlier.add(slice);
    }

    private void put(ByteBuffer bytes, long position) {
        try {
            file.write(bytes, position);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Makes the file appear under its name, complete and on the disk, in place of an earlier one.
     *
     * @throws IllegalStateException if an element of a tensor was never written
     * @throws OutputException if the disk fails
     */
    public synchronized void finish() {
        if (closed) {
            throw new IllegalStateException("safetensors writer is closed: path=" + path + ".");
        }
        for (SafetensorsEntry entry : header.tensors().values()) {
            long numElements = written.getOrDefault(entry.name(), List.of()).stream()
                    .mapToLong(TensorSlice::numElements)
                    .sum();
            if (numElements != entry.shape().numElements()) {
                throw new IllegalStateException("tensor was not written wholly: tensor=" + entry.name() + ", path="
                        + path + ", written=" + numElements + ", numElements="
                        + entry.shape().numElements() + ".");
            }
        }
        try {
            file.force();
            file.close();
            Files.move(partial, path.toAbsolutePath(), StandardCopyOption.ATOMIC_MOVE);
            closed = true;
            forceFolder();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void forceFolder() throws IOException {
        Path folder = partial.getParent();
        if (folder == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** The first failure, whichever thread met it: later ones only find the file closed. */
    private synchronized OutputException failed(IOException cause) {
        if (failure == null) {
            failure = OutputException.cannotWrite(path, cause);
            try {
                discard();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
        return failure;
    }

    private void discard() throws IOException {
        if (!closed) {
            closed = true;
            try {
                file.close();
            } finally {
                Files.deleteIfExists(partial);
            }
        }
    }

    /** Deletes what was written if {@link #finish()} has not been reached; does nothing after it. */
    @Override
    public synchronized void close() {
        try {
            discard();
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }
}
