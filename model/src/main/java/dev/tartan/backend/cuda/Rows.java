package dev.tartan.backend.cuda;

import dev.tartan.backend.cuda.Launch.Extent;

/**
 * How threads are dealt to rows: a warp a row and several rows a block where rows are short, otherwise a block a row.
 *
 * @param threads threads of a row
 * @param rows rows of a block
 */
record Rows(int threads, int rows) {
    private static final int LONGEST_FOR_A_WARP = 256;
    private static final int PACKS_PER_THREAD = 4;
    private static final int MAX_THREADS = 512;

    /** For rows of {@code width} elements. */
    static Rows of(CudaType type, long width) {
        long packs = Launch.ceilDiv(width, type.packElements());
        if (packs <= LONGEST_FOR_A_WARP) {
            return new Rows(Launch.WARP, Launch.THREADS / Launch.WARP);
        }
        long warps = Launch.ceilDiv(packs, PACKS_PER_THREAD * Launch.WARP);
        return new Rows((int) Math.min(MAX_THREADS, warps * Launch.WARP), 1);
    }

    Extent block() {
        return new Extent(threads, rows);
    }

    /** Blocks for {@code count} rows, each done once. */
    Extent grid(long count) {
        return new Extent(Math.toIntExact(Launch.ceilDiv(count, rows)));
    }
}
