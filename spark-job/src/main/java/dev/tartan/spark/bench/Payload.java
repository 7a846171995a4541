package dev.tartan.spark.bench;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import dev.tartan.graph.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What one rank puts into a call and has to find afterwards. All in place: one region of the payload's bytes. Elements
 * are small integers drawn by rank and index, whose sums are exact in every type.
 */
final class Payload {
    /** Bfloat16 holds all integers up to it, float16 more. */
    private static final int LARGEST_SUM_HALF = 256;

    /** Float32 holds them, and more. */
    private static final int LARGEST_SUM = 1 << 20;

    /** Values that all ranks together compute at most to check one result. */
    private static final long MOST_VALUES = 1L << 30;

    private static final long GOLDEN = 0x9e37_79b9_7f4a_7c15L;

    private final CollectiveOp op;
    private final DType type;
    private final int rank;
    private final int numRanks;
    private final int largestSum;
    private final ByteBuffer buffer;
    private final MemoryRegion region;
    private final int numElements;
    private final int chunk;

    /** Lays the payload over the first {@code bytes} bytes of direct memory. */
    Payload(CollectivesPlan plan, int rank, ByteBuffer memory, int bytes) {
        this.op = plan.op();
        this.type = plan.type();
        this.rank = rank;
        this.numRanks = plan.numRanks();
        this.largestSum = plan.type().isHalf() ? LARGEST_SUM_HALF : LARGEST_SUM;
        this.buffer = memory.slice(0, bytes).order(ByteOrder.nativeOrder());
        this.region = bytes == 0 ? MemoryRegion.empty() : MemoryRegion.of(buffer);
        this.numElements = bytes / type.bytes();
        this.chunk = numElements / numRanks;
    }

    /** The call, in place. */
    CollectiveCall call() {
        String tag = "bench";
        return switch (op) {
            case ALL_REDUCE -> CollectiveCall.allReduce(region, region, type, ReduceKind.SUM, tag);
            case REDUCE_SCATTER -> CollectiveCall.reduceScatter(region, ownChunk(), type, ReduceKind.SUM, tag);
            case ALL_GATHER -> CollectiveCall.allGather(ownChunk(), region, type, tag);
            case ALL_TO_ALL -> CollectiveCall.allToAll(region, region, type, tag);
            case BROADCAST -> CollectiveCall.broadcast(region, type, 0, tag);
            case BARRIER -> CollectiveCall.barrier(tag);
            case SEND, RECEIVE -> throw new IllegalStateException("op is not of a group: op=" + op + ". Report this.");
        };
    }

    private MemoryRegion ownChunk() {
        long bytes = region.bytes() / numRanks;
        return region.slice(rank * bytes, bytes);
    }

    /** Writes this rank's input, and nonsense where only output is to be. */
    void fill() {
        for (int i = 0; i < numElements; i++) {
            set(i, isInput(i) ? value(rank, i) : -1);
        }
    }

    private boolean isInput(int index) {
        return switch (op) {
            case ALL_GATHER -> index / chunk == rank;
            case BROADCAST -> rank == 0;
            default -> true;
        };
    }

    /**
     * Checks the output.
     *
     * @throws BenchException at the first element that is wrong
     */
    void check(String algorithm) {
        int from = op == CollectiveOp.REDUCE_SCATTER ? rank * chunk : 0;
        int to = op == CollectiveOp.REDUCE_SCATTER ? from + chunk : numElements;
        // Among many ranks each looks at some elements, at other ones than its neighbours.
        long stride = 1 + (to - from) * (long) numRanks * numRanks / MOST_VALUES;
        for (long at = from + rank % stride; at < to; at += stride) {
            int i = (int) at;
            double expected = expected(i);
            double actual = get(i);
            if (expected != actual) {
                throw new BenchException("result of " + op.label() + " is wrong: algorithm=" + algorithm + ", rank="
                        + rank + ", numRanks=" + numRanks + ", type=" + type + ", bytes=" + region.bytes()
                        + ", element=" + i + ", expected=" + expected + ", actual=" + actual + ". Report this.");
            }
        }
    }

    private int expected(int index) {
        return switch (op) {
            case ALL_GATHER -> value(index / chunk, index);
            case ALL_TO_ALL -> value(index / chunk, rank * chunk + index % chunk);
            case BROADCAST -> value(0, index);
            default -> sum(index);
        };
    }

    private int sum(int index) {
        int sum = 0;
        for (int each = 0; each < numRanks; each++) {
            sum += value(each, index);
        }
        return sum;
    }

    private int value(int ofRank, int index) {
        long hash = ((long) index * numRanks + ofRank + 1) * GOLDEN;
        return (int) ((hash >>> 40) % (largestSum / numRanks + 1));
    }

    /** Makes all elements 0, which stay what they are however often they are added up. */
    void clear() {
        NativeMemory.clear(region.address(), region.bytes());
    }

    private void set(int index, int value) {
        switch (type) {
            case FLOAT32 -> buffer.putFloat(index * Float.BYTES, value);
            case FLOAT64 -> buffer.putDouble(index * Double.BYTES, value);
            case INT32 -> buffer.putInt(index * Integer.BYTES, value);
            case FLOAT16 -> buffer.putShort(index * Short.BYTES, HalfPrecision.toFloat16(value));
            case BFLOAT16 -> buffer.putShort(index * Short.BYTES, HalfPrecision.toBfloat16(value));
            case BOOL -> buffer.put(index, (byte) value);
        }
    }

    private double get(int index) {
        return switch (type) {
            case FLOAT32 -> buffer.getFloat(index * Float.BYTES);
            case FLOAT64 -> buffer.getDouble(index * Double.BYTES);
            case INT32 -> buffer.getInt(index * Integer.BYTES);
            case FLOAT16 -> HalfPrecision.float16(buffer.getShort(index * Short.BYTES));
            case BFLOAT16 -> HalfPrecision.bfloat16(buffer.getShort(index * Short.BYTES));
            case BOOL -> buffer.get(index);
        };
    }
}
