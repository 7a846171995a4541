package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * The rows of one partition of a frame as chunks, each for one partition of the shuffle, and at the end the
 * {@link FrameCounts} for the shuffle's last partition. Not thread-safe.
 */
final class EncodePartition implements Iterator<Tuple2<Integer, byte[]>> {
    private static final int ALL_CHUNKS_BYTES = 8 << 20;
    private static final int LEAST_CHUNK_BYTES = 16 << 10;
    private static final int MOST_CHUNK_BYTES = 256 << 10;

    private final int partition;
    private final Iterator<InternalRow> rows;
    private final RowEncoder encoder;
    private final HashPartitions partitions;
    private final int chunkBytes;
    private final RowHash hash;
    private final RowBuffer row = new RowBuffer();
    private final FrameCounts counts = new FrameCounts();
    private final @Nullable ByteBuffer[] chunks;
    private final ArrayDeque<Tuple2<Integer, byte[]>> ready = new ArrayDeque<>();
    private long numRows;
    private boolean ended;

    EncodePartition(
            int partition, Iterator<InternalRow> rows, RowEncoder encoder, HashPartitions partitions, long seed) {
        this.partition = partition;
        this.rows = rows;
        this.encoder = encoder;
        this.partitions = partitions;
        this.chunkBytes =
                Math.max(LEAST_CHUNK_BYTES, Math.min(MOST_CHUNK_BYTES, ALL_CHUNKS_BYTES / partitions.numRanges()));
        this.hash = new RowHash(seed);
        this.chunks = new @Nullable ByteBuffer[partitions.numRanges()];
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && !ended) {
            if (rows.hasNext()) {
                add(rows.next());
            } else {
                end();
            }
        }
        return !ready.isEmpty();
    }

    @Override
    public Tuple2<Integer, byte[]> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("partition has ended");
        }
        return ready.remove();
    }

    private void add(InternalRow from) {
        long index = numRows++;
        try {
            encoder.encode(from, row);
        } catch (RowFault fault) {
            counts.add(new FrameCounts.FaultyRow(partition, index, String.valueOf(fault.getMessage())));
            return;
        }
        ByteBuffer bytes = row.bytes();
        int length = bytes.position();
        hash.hash(bytes, length);
        counts.add(hash.high(), hash.low(), length);
        int range = partitions.ofBucket(FrameCounts.bucket(hash.high()));
        int needed = ChunkDescriptor.HEADER_BYTES + length;
        ByteBuffer chunk = chunks[range];
        if (chunk != null && chunk.remaining() < needed) {
            flush(range, chunk);
            chunk = null;
        }
        if (chunk == null) {
            chunk = ChunkDescriptor.allocate(Math.max(chunkBytes, needed));
            chunks[range] = chunk;
        }
        ChunkDescriptor.put(chunk, hash.high(), hash.low(), bytes);
    }

    private void flush(int range, ByteBuffer chunk) {
        byte[] filled = new byte[chunk.position()];
        chunk.duplicate().flip().get(filled);
        ready.add(new Tuple2<>(range, filled));
        chunks[range] = null;
    }

    private void end() {
        ended = true;
        for (int range = 0; range < chunks.length; range++) {
            ByteBuffer chunk = chunks[range];
            if (chunk != null) {
                flush(range, chunk);
            }
        }
        ready.add(new Tuple2<>(partitions.ofCounts(), counts.toBytes()));
    }
}
