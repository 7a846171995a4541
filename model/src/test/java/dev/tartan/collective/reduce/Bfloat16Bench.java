package dev.tartan.collective.reduce;

import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/** Prints how fast one thread reduces, in cache and out of it; run by hand, asserts nothing. */
final class Bfloat16Bench {
    private static final int[] COUNTS = {16 << 10, 16 << 20};
    private static final long ELEMENTS_PER_SAMPLE = 16 << 20;
    private static final int SAMPLES = 31;

    private Bfloat16Bench() {}

    public static void main(String[] arguments) {
        for (int count : COUNTS) {
            MemoryRegion floats = MemoryRegion.of(ByteBuffer.allocateDirect(count * 4));
            MemoryRegion more = MemoryRegion.of(ByteBuffer.allocateDirect(count * 4));
            try {
                for (DType type : new DType[] {DType.BFLOAT16, DType.FLOAT32}) {
                    ReductionTile tile = ReductionTile.of(type);
                    long bytes = (long) count * type.bytes();
                    measure("sum of " + type, count, 3 * type.bytes(), () -> sum(tile, floats, more, bytes));
                }
            } finally {
                // Its address alone does not keep a region's memory.
                Reference.reachabilityFence(floats);
                Reference.reachabilityFence(more);
            }
        }
    }

    private static void sum(ReductionTile tile, MemoryRegion left, MemoryRegion right, long bytes) {
        for (long done = 0; done < bytes; done += ReductionTile.TILE_BYTES) {
            int tileBytes = (int) Math.min(ReductionTile.TILE_BYTES, bytes - done);
            tile.load(left.address() + done, tileBytes);
            tile.fold(ReduceKind.SUM, right.address() + done, tileBytes);
            tile.store(left.address() + done, tileBytes);
        }
    }

    private static void measure(String what, int count, int bytesPerElement, Runnable run) {
        double[] nanos = new double[SAMPLES];
        long runs = ELEMENTS_PER_SAMPLE / count;
        for (int i = -SAMPLES; i < SAMPLES; i++) {
            long start = System.nanoTime();
            for (long j = 0; j < runs; j++) {
                run.run();
            }
            nanos[Math.max(i, 0)] = (System.nanoTime() - start) / (double) (runs * count);
        }
        Arrays.sort(nanos);
        double median = nanos[SAMPLES / 2];
        System.out.printf(
                Locale.ROOT,
                "{\"op\":\"%s\",\"elements\":%d,\"median_ns_per_element\":%.2f,\"read_and_written_GBps\":%.1f,"
                        + "\"best_GBps\":%.1f}%n",
                what,
                count,
                median,
                bytesPerElement / median,
                bytesPerElement / nanos[0]);
    }
}
