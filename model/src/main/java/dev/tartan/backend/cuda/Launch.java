package dev.tartan.backend.cuda;

/**
 * One run of a kernel, with all that {@code cuLaunchKernel} takes but the stream.
 *
 * @param sharedBytes dynamic shared memory of a block; above {@link #PLAIN_SHARED_BYTES} a driver must raise the
 *     function's limit first
 */
record Launch(KernelName kernel, Extent grid, Extent block, int sharedBytes, KernelArguments arguments)
        implements Step {
    /** Dynamic shared memory that every function may have. */
    static final int PLAIN_SHARED_BYTES = 48 * 1024;

    static final int WARP = 32;

    /** Threads of a block where nothing speaks for another number. */
    static final int THREADS = 256;

    private static final int MAX_BLOCKS = 1 << 16;

    /** Sizes along x, y and z. */
    record Extent(int x, int y, int z) {
        Extent(int x) {
            this(x, 1, 1);
        }

        Extent(int x, int y) {
            this(x, y, 1);
        }
    }

    /** A launch over {@code count} elements by blocks that walk on until all are done, {@code perThread} at a time. */
    static Launch flat(KernelName kernel, long count, int perThread, KernelArguments.Builder arguments) {
        long blocks = Math.max(1, ceilDiv(count, (long) THREADS * perThread));
        return new Launch(
                kernel, new Extent((int) Math.min(blocks, MAX_BLOCKS)), new Extent(THREADS), 0, arguments.build());
    }

    /** Rounds up. */
    static long ceilDiv(long dividend, long divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
