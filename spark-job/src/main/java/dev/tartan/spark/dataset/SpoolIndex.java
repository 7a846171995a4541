package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Where in the spool each of a run of rows is, rows being numbered in the order of their hashes. Since it is known how
 * many rows each bucket has, each row is put among those of its bucket at once, and only buckets are sorted. In a file
 * of {@code (high, low, offset)}, 24 bytes a row, of which the offsets alone are left, at the file's front, so that
 * they stay in the processor's caches. Not thread-safe until it is sorted, then safe for reading.
 */
final class SpoolIndex implements AutoCloseable {
    private static final int ENTRY_BYTES = 24;
    private static final int LOW = 8;
    private static final int OFFSET = 16;
    private static final int SEGMENT_ENTRIES = 1 << 25;
    private static final long SEGMENT_BYTES = (long) SEGMENT_ENTRIES * ENTRY_BYTES;

    private final RowRun run;
    private final BucketStarts starts;
    private final MappedFile file;
    private final List<ByteBuffer> segments;
    private final long[] filled;

    private record Entry(long high, long low, long offset) {
        static final Comparator<Entry> BY_HASH = (a, b) -> {
            int byHigh = Long.compareUnsigned(a.high, b.high);
            return byHigh != 0 ? byHigh : Long.compareUnsigned(a.low, b.low);
        };
    }

    /** Makes an index of the rows of all buckets that a run touches. */
    SpoolIndex(Path folder, RowRun run, BucketStarts starts) {
        this.run = run;
        this.starts = starts;
        this.filled = new long[run.endBucket() - run.firstBucket()];
        this.file = MappedFile.create(folder, SEGMENT_ENTRIES * ENTRY_BYTES);
        try {
            file.writeZeros(ENTRY_BYTES * (starts.of(run.endBucket()) - starts.of(run.firstBucket())));
            this.segments = file.map(MapMode.READ_WRITE);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The rows. */
    RowRun run() {
        return run;
    }

    /** Takes a row of one of the run's buckets; not more than the bucket has. */
    void add(long high, long low, long offset) {
        int bucket = FrameCounts.bucket(high);
        put(starts.of(bucket) + filled[bucket - run.firstBucket()]++, new Entry(high, low, offset));
    }

    /** Puts rows in order, after the last was taken. */
    void sort() {
        for (int bucket = run.firstBucket(); bucket < run.endBucket(); bucket++) {
            long first = starts.of(bucket);
            Entry[] entries = new Entry[Math.toIntExact(starts.of(bucket + 1) - first)];
            for (int i = 0; i < entries.length; i++) {
                entries[i] = get(first + i);
            }
            Arrays.sort(entries, Entry.BY_HASH);
            for (int i = 0; i < entries.length; i++) {
                putOffset(first + i, entries[i].offset);
            }
        }
    }

    /** Where a row of the run is; once they are sorted. */
    long offset(long row) {
        long at = offsetBytes(row);
        return segments.get((int) (at / SEGMENT_BYTES)).getLong((int) (at % SEGMENT_BYTES));
    }

    /** Over entries that were sorted before, none of which is behind its offset. */
    private void putOffset(long row, long offset) {
        long at = offsetBytes(row);
        segments.get((int) (at / SEGMENT_BYTES)).putLong((int) (at % SEGMENT_BYTES), offset);
    }

    private long offsetBytes(long row) {
        return (row - starts.of(run.firstBucket())) * Long.BYTES;
    }

    private Entry get(long row) {
        ByteBuffer segment = segment(row);
        int position = position(row);
        return new Entry(
                segment.getLong(position), segment.getLong(position + LOW), segment.getLong(position + OFFSET));
    }

    private void put(long row, Entry entry) {
        ByteBuffer segment = segment(row);
        int position = position(row);
        segment.putLong(position, entry.high);
        segment.putLong(position + LOW, entry.low);
        segment.putLong(position + OFFSET, entry.offset);
    }

    private ByteBuffer segment(long row) {
        return segments.get((int) ((row - starts.of(run.firstBucket())) / SEGMENT_ENTRIES));
    }

    private int position(long row) {
        return (int) ((row - starts.of(run.firstBucket())) % SEGMENT_ENTRIES) * ENTRY_BYTES;
    }

    @Override
    public void close() {
        file.close();
    }
}
