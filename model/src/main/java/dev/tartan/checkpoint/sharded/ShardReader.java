package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsDescriptor;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.SafetensorsHeader;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads boxes of a checkpoint's tensors, whatever boxes they were written in: only the files that hold a part of what
 * is asked for are opened, only the blocks that its bytes lie in are read, and each of these is checked. Used by one
 * thread.
 */
public final class ShardReader implements AutoCloseable {
    private final ShardedCheckpoint checkpoint;
    private final Map<String, OpenShard> files = new HashMap<>();
    private final ByteBuffer chunk =
            ByteBuffer.allocateDirect(BlockChecksums.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private record OpenShard(VerifiedFile file, long dataOffset, SafetensorsHeader header) {}

    /** Takes the bytes of consecutive elements of the array that is filled. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Takes all that remains in {@code bytes}, little-endian, which is used again afterwards.
         *
         * @param elementOffset where it belongs
         */
        void put(long elementOffset, ByteBuffer bytes);
    }

    ShardReader(ShardedCheckpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /**
     * Reads a box into the first corner of an array.
     *
     * @param view the shape along whose dims the box is cut: a reshape of the tensor's
     * @param slice the box
     * @param array shape of the array, no smaller than the box along any dim
     * @throws InvalidCheckpointException if a file is missing or not as it was written, or the checkpoint does not have
     *     all of the box
     * @throws IllegalArgumentException if the view has another number of elements
     */
    public void read(StoredTensor tensor, Shape view, TensorSlice slice, Shape array, Sink sink) {
        if (view.numElements() != tensor.shape().numElements()) {
            throw new IllegalArgumentException("tensor cannot be seen so: tensor=" + tensor.name() + ", shape="
                    + tensor.shape() + ", view=" + view + ". Give a reshape.");
        }
        boolean alike = view.equals(tensor.view());
        List<TensorSlice> taken = new ArrayList<>();
        long got = 0;
        for (StoredBox box : tensor.boxes()) {
            if (alike && !box.slice().overlaps(slice)) {
                continue;
            }
            if (taken.stream().anyMatch(box.slice()::overlaps)) {
                throw new InvalidCheckpointException("checkpoint has a part of a tensor twice: tensor=" + tensor.name()
                        + ", box=" + box.slice() + ", path=" + checkpoint.folder() + ". Resume from another one.");
            }
            taken.add(box.slice());
            got += RunOverlap.visit(
                    new BoxRuns(tensor.view(), box.slice(), box.slice().shape()),
                    new BoxRuns(view, slice, array),
                    (source, target, count) -> copy(tensor, box, source, target, count, sink));
        }
        if (got != slice.numElements()) {
            throw new InvalidCheckpointException("checkpoint lacks a part of a tensor: tensor=" + tensor.name()
                    + ", box=" + slice + ", elements=" + slice.numElements() + ", found=" + got + ", path="
                    + checkpoint.folder() + ". Resume from another one.");
        }
    }

    private void copy(StoredTensor tensor, StoredBox box, long source, long target, long count, Sink sink) {
        OpenShard shard = shard(box.file());
        SafetensorsEntry entry = entry(shard, tensor, box);
        int elementBytes = tensor.type().bytes();
        long position = shard.dataOffset() + entry.offset() + source * elementBytes;
        long end = position + count * elementBytes;
        long to = target;
        while (position < end) {
            // Up to the end of a block, so that whole blocks are not copied twice.
            long inBlock = BlockChecksums.BLOCK_BYTES - position % BlockChecksums.BLOCK_BYTES;
            int length = (int) Math.min(end - position, inBlock);
            int whole = length / elementBytes * elementBytes;
            if (whole == 0) {
                whole = elementBytes;
            }
            shard.file().read(position, chunk.clear().limit(whole));
            sink.put(to, chunk.flip());
            position += whole;
            to += whole / elementBytes;
        }
    }

    /** Checks that the file of a box holds it. */
    void check(StoredTensor tensor, StoredBox box) {
        entry(shard(box.file()), tensor, box);
    }

    private static SafetensorsEntry entry(OpenShard shard, StoredTensor tensor, StoredBox box) {
        SafetensorsEntry entry = shard.header().tensors().get(tensor.name());
        String held = shard.header().metadata().get(ShardTensor.key(tensor.name()));
        if (entry == null
                || entry.type() != tensor.type()
                || !entry.shape().equals(box.slice().shape())
                || !ShardTensor.text(tensor.view(), box.slice()).equals(held)) {
            throw new InvalidCheckpointException("checkpoint file does not hold what its manifest says: path="
                    + shard.file().path() + ", offset=0, tensor=" + tensor.name() + ", expected=" + tensor.type() + " "
                    + ShardTensor.text(tensor.view(), box.slice()) + ", found="
                    + (entry == null ? "nothing" : entry.type() + " " + held) + ". Resume from another one.");
        }
        return entry;
    }

    private OpenShard shard(String name) {
        OpenShard open = files.get(name);
        if (open == null) {
            VerifiedFile file =
                    VerifiedFile.open(checkpoint.folder(), checkpoint.manifest().file(name));
            try {
                open = open(file);
            } catch (RuntimeException e) {
                file.close();
                throw e;
            }
            files.put(name, open);
        }
        return open;
    }

    private static OpenShard open(VerifiedFile file) {
        int least = SafetensorsDescriptor.HEADER_OFFSET + SafetensorsDescriptor.MIN_HEADER_BYTES;
        if (file.bytes() < least) {
            throw SafetensorsHeader.corrupt(file.path(), "too short for a header: fileBytes=" + file.bytes(), null);
        }
        ByteBuffer length =
                ByteBuffer.allocate(SafetensorsDescriptor.HEADER_OFFSET).order(ByteOrder.LITTLE_ENDIAN);
        file.read(0, length);
        long headerBytes = length.getLong(0);
        if (headerBytes < SafetensorsDescriptor.MIN_HEADER_BYTES
                || headerBytes > SafetensorsDescriptor.MAX_HEADER_BYTES
                || SafetensorsDescriptor.dataOffset(headerBytes) > file.bytes()) {
            throw SafetensorsHeader.corrupt(
                    file.path(),
                    "header length is out of range: headerBytes=" + Long.toUnsignedString(headerBytes),
                    null);
        }
        byte[] json = new byte[(int) headerBytes];
        file.read(SafetensorsDescriptor.HEADER_OFFSET, ByteBuffer.wrap(json));
        long dataOffset = SafetensorsDescriptor.dataOffset(headerBytes);
        return new OpenShard(file, dataOffset, SafetensorsHeader.parse(file.path(), json, file.bytes() - dataOffset));
    }

    @Override
    public void close() {
        files.values().forEach(open -> open.file().close());
        files.clear();
    }
}
