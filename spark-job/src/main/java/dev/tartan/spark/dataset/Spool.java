package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The rows that a process trains on, in local files: the rows as they come, and an index that has them in order. Not
 * thread-safe while it is written, then safe for reading.
 */
final class Spool implements AutoCloseable {
    /** Of the mappings of rows; a row lies within one. */
    static final int SEGMENT_BYTES = 1 << 30;

    private final FrameCounts expected;
    private final int segmentBytes;
    private final MappedFile rows;
    private final List<SpoolIndex> indexes = new ArrayList<>();
    private final FrameCounts found = new FrameCounts();
    private List<SpoolSegment> segments = List.of();
    private volatile boolean closed;

    private Spool(FrameCounts expected, Path folder, int segmentBytes) {
        this.expected = expected;
        this.segmentBytes = segmentBytes;
        this.rows = MappedFile.create(folder, segmentBytes);
    }

    /**
     * Writes a spool.
     *
     * @param expected what the rows were counted to be
     * @param runs what is needed of them
     * @param chunks all rows of the runs' buckets, and others
     * @param folder on a local disk
     * @param segmentBytes of a mapping, whole words
     * @throws IllegalArgumentException if the rows are not those that were counted
     */
    static Spool write(
            FrameCounts expected, List<RowRun> runs, Iterator<byte[]> chunks, Path folder, int segmentBytes) {
        Spool spool = new Spool(expected, folder, segmentBytes);
        try {
            BucketStarts starts = new BucketStarts(expected);
            runs.forEach(run -> spool.indexes.add(new SpoolIndex(folder, run, starts)));
            while (chunks.hasNext()) {
                spool.add(chunks.next());
            }
            runs.forEach(spool::check);
            spool.indexes.forEach(SpoolIndex::sort);
            spool.segments = spool.rows.map(MapMode.READ_ONLY).stream()
                    .map(SpoolSegment::of)
                    .toList();
            return spool;
        } catch (RuntimeException e) {
            spool.close();
            throw e;
        }
    }

    private void add(byte[] bytes) {
        ByteBuffer chunk = ChunkDescriptor.wrap(bytes);
        for (int at = 0; at < bytes.length; ) {
            long high = ChunkDescriptor.high(chunk, at);
            long low = ChunkDescriptor.low(chunk, at);
            int length = ChunkDescriptor.numBytes(chunk, at);
            int row = at + ChunkDescriptor.HEADER_BYTES;
            add(high, low, bytes, row, length);
            at = row + length;
        }
    }

    private void add(long high, long low, byte[] bytes, int start, int length) {
        int bucket = FrameCounts.bucket(high);
        long offset = -1;
        for (SpoolIndex index : indexes) {
            if (index.run().hasBucket(bucket)) {
                if (offset < 0) {
                    found.add(high, low, length);
                    if (found.rows(bucket) > expected.rows(bucket)) {
                        throw otherRows(bucket);
                    }
                    offset = append(bytes, start, length);
                }
                index.add(high, low, offset);
            }
        }
    }

    /** Writes a row where it does not cross a segment's end. */
    private long append(byte[] bytes, int start, int length) {
        long room = segmentBytes - rows.size() % segmentBytes;
        if (length > segmentBytes) {
            throw new IllegalArgumentException("row of the frame is too large: bytes=" + length + ", most="
                    + segmentBytes + ". Make samples smaller.");
        }
        if (length > room) {
            rows.writeZeros(room);
        }
        long offset = rows.size();
        rows.write(bytes, start, length);
        return offset;
    }

    private void check(RowRun run) {
        for (int bucket = run.firstBucket(); bucket < run.endBucket(); bucket++) {
            if (found.rows(bucket) != expected.rows(bucket) || found.digest(bucket) != expected.digest(bucket)) {
                throw otherRows(bucket);
            }
        }
    }

    private IllegalArgumentException otherRows(int bucket) {
        return new IllegalArgumentException("frame gave other rows when a part of it was computed again, so it is not"
                + " deterministic: bucket=" + bucket + ", counted=" + expected.rows(bucket) + ", read="
                + found.rows(bucket)
                + ". Call checkpoint() or cache() on it, or write it to a file, where it uses rand(), sample() or the"
                + " like.");
    }

    /** Where row {@code row} is, which {@code slot} needs; rows are numbered in the order of their hashes. */
    long offset(int slot, long row) {
        for (SpoolIndex index : indexes) {
            if (index.run().hasSlot(slot)) {
                return index.offset(row);
            }
        }
        throw new IllegalArgumentException("slot is not of this process: slot=" + slot + ".");
    }

    /** The segment that has an offset. */
    SpoolSegment segment(long offset) {
        return segments.get((int) (offset / segmentBytes));
    }

    /** Where in its segment an offset is. */
    int position(long offset) {
        return (int) (offset % segmentBytes);
    }

    /** Whether its files are given back. */
    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            indexes.forEach(SpoolIndex::close);
            rows.close();
        }
    }
}
