package dev.tartan.checkpoint.sharded;

/**
 * What two boxes of one tensor share, as the fewest stretches that are contiguous in the arrays of both. The boxes may
 * be cut along the dims of different shapes, as long as these are reshapes of the same elements: runs are compared by
 * their place in the flat tensor.
 */
final class RunOverlap {
    /** Receives one stretch; offsets are in elements, of the arrays. */
    @FunctionalInterface
    interface Visitor<X extends Exception> {
        void visit(long sourceOffset, long targetOffset, long numElements) throws X;
    }

    private RunOverlap() {}

    /**
     * Goes through both cursors to their ends.
     *
     * @return number of elements shared
     */
    static <X extends Exception> long visit(BoxRuns source, BoxRuns target, Visitor<X> visitor) throws X {
        long shared = 0;
        long sourceStart = 0;
        long targetStart = 0;
        long pending = 0;
        while (!source.isDone() && !target.isDone()) {
            long ahead = target.wholeOffset() - source.wholeOffset();
            if (ahead > 0) {
                source.pass(Math.min(ahead, source.length()));
                continue;
            }
            if (ahead < 0) {
                target.pass(Math.min(-ahead, target.length()));
                continue;
            }
            long count = Math.min(source.length(), target.length());
            boolean continues =
                    source.localOffset() == sourceStart + pending && target.localOffset() == targetStart + pending;
            if (!continues || pending == 0) {
                if (pending > 0) {
                    visitor.visit(sourceStart, targetStart, pending);
                }
                sourceStart = source.localOffset();
                targetStart = target.localOffset();
                pending = 0;
            }
            pending += count;
            shared += count;
            source.pass(count);
            target.pass(count);
        }
        if (pending > 0) {
            visitor.visit(sourceStart, targetStart, pending);
        }
        return shared;
    }
}
