package dev.tartan.spark.dataset;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is known of a frame, or of a part of it: for each bucket, a range of hashes, how many rows it has and the sum of
 * their hashes, which does not depend on their order; and rows that cannot be used. Not thread-safe.
 */
final class FrameCounts implements Serializable {
    private static final long serialVersionUID = 1;

    /** Hashes of a bucket have the same upper bits. */
    static final int BUCKET_BITS = 12;

    static final int NUM_BUCKETS = 1 << BUCKET_BITS;
    private static final int MOST_FAULTS = 10;

    private final long[] rows = new long[NUM_BUCKETS];
    private final long[] digests = new long[NUM_BUCKETS];
    private final List<FaultyRow> faults = new ArrayList<>();
    private long numFaults;
    private long numBytes;

    /** A row that cannot be used, and why. */
    record FaultyRow(int partition, long row, String message) implements Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return "partition=" + partition + ", row=" + row + ": " + message;
        }
    }

    /** The bucket of a hash, given its upper half. */
    static int bucket(long high) {
        return (int) (high >>> (Long.SIZE - BUCKET_BITS));
    }

    /** Counts a row of so many bytes. */
    void add(long high, long low, int bytes) {
        int bucket = bucket(high);
        rows[bucket]++;
        digests[bucket] += digest(high, low);
        numBytes += bytes;
    }

    /** What a row adds to its bucket's digest. */
    static long digest(long high, long low) {
        return RowHash.finish(high ^ Long.rotateLeft(low, 17));
    }

    /** Counts a row that cannot be used. */
    void add(FaultyRow fault) {
        numFaults++;
        if (faults.size() < MOST_FAULTS) {
            faults.add(fault);
        }
    }

    /** Adds another part of the frame. */
    void add(FrameCounts other) {
        for (int bucket = 0; bucket < NUM_BUCKETS; bucket++) {
            rows[bucket] += other.rows[bucket];
            digests[bucket] += other.digests[bucket];
        }
        numFaults += other.numFaults;
        numBytes += other.numBytes;
        faults.addAll(other.faults);
        faults.sort(Comparator.comparingInt(FaultyRow::partition).thenComparingLong(FaultyRow::row));
        if (faults.size() > MOST_FAULTS) {
            faults.subList(MOST_FAULTS, faults.size()).clear();
        }
    }

    /** Rows of a bucket. */
    long rows(int bucket) {
        return rows[bucket];
    }

    /** Sum over the rows of a bucket. */
    long digest(int bucket) {
        return digests[bucket];
    }

    /** Of all rows, whatever their order. */
    long digest() {
        long sum = 0;
        for (int bucket = 0; bucket < NUM_BUCKETS; bucket++) {
            sum += RowHash.finish(digests[bucket] + bucket);
        }
        return sum;
    }

    /** Rows of all buckets. */
    long numRows() {
        long sum = 0;
        for (long count : rows) {
            sum += count;
        }
        return sum;
    }

    /** Bytes of all rows. */
    long numBytes() {
        return numBytes;
    }

    /**
     * Says which rows cannot be used.
     *
     * @param frame what it is called
     * @throws IllegalArgumentException if there are any, naming the first
     */
    void throwFaults(String frame) {
        if (numFaults == 0) {
            return;
        }
        StringBuilder message = new StringBuilder(frame + " has rows that cannot be used: rows=" + numFaults);
        faults.forEach(fault -> message.append("\n  ").append(fault));
        if (numFaults > faults.size()) {
            message.append("\n  and ").append(numFaults - faults.size()).append(" more");
        }
        throw new IllegalArgumentException(message.toString());
    }

    /** In Java's serialized form, whatever serializer the session has. */
    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Reads what {@link #toBytes} wrote. */
    static FrameCounts fromBytes(byte[] bytes) {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(java.io.ObjectStreamClass description)
                    throws IOException, ClassNotFoundException {
                return Class.forName(description.getName(), false, FrameCounts.class.getClassLoader());
            }
        }) {
            return (FrameCounts) in.readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("counts of a frame cannot be read: class=" + e.getMessage(), e);
        }
    }
}
