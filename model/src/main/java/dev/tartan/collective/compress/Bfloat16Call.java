package dev.tartan.collective.compress;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.reduce.Bfloat16;
import dev.tartan.graph.DType;
import org.jspecify.annotations.Nullable;

/**
 * A call on float32 regions whose values are bfloat16 while they are under way: half of the bytes. Made once and run,
 * or started, every step, allocating nothing; for one thread at a time.
 *
 * <p>The bfloat16 values lie in the lower half of the call's own output, so that it takes no more memory, but for a
 * reduce-scatter: its output is too small, and its input may have to be kept.
 *
 * <pre>
 * output, S bytes   | bfloat16, S/2 bytes | unused |   input is rounded to here, or to its chunk; the call is in place
 *                   | float32, S bytes             |   what came of it, widened from the end down
 * </pre>
 *
 * <p>What is rounded, each time to nearest, by at most {@code u = 2^-8} of the value: each rank's input once, also
 * where nothing is added; a sum each time it is stored, which is after every addition, whatever the algorithm:
 *
 * <pre>
 * algorithm           most roundings k of an addend among P ranks (of N processes with L each)
 * doubling,
 * halving-doubling    1 + log2 P, if P is no power of two 2 + log2 of the one below it
 * ring, direct        1 + (P - 1)
 * hierarchical        1 + (L - 1) + (N - 1)
 * </pre>
 *
 * and once more for a mean, after the division. So {@code k <= P}, for a mean {@code k <= P + 1}, and with the float32
 * additions' own rounding a sum of {@code x_r} is wrong by at most {@code (((1 + u)(1 + 2^-24))^k - 1) * sum |x_r|},
 * about {@code k / 256 * sum |x_r|}: a relative error where all have one sign. It holds down to 2^-126, below which
 * values have fewer digits, and up to the largest float32, near which they become infinite. All ranks get the same
 * bits.
 */
public final class Bfloat16Call implements PendingCall {
    /** float32 bytes to one of bfloat16. */
    private static final int RATIO = DType.FLOAT32.bytes() / DType.BFLOAT16.bytes();

    private final CollectiveCall call;
    private final Communicator communicator;
    private final CollectiveCall wire;
    private final Bfloat16 convert = new Bfloat16();
    private @Nullable PendingCall underWay;

    /**
     * Prepares the call.
     *
     * @param communicator makes the call
     * @param staging memory that nothing else uses while the call runs, of {@link #stagingBytes} at least; it may begin
     *     where the call's input does, which is then lost
     * @throws IllegalArgumentException if the call does not move float32 values of all ranks, does not fit the group,
     *     or staging is too small
     */
    public Bfloat16Call(CollectiveCall call, Communicator communicator, MemoryRegion staging) {
        if (call.type() != DType.FLOAT32 || !isSupported(call.op())) {
            throw new IllegalArgumentException("call cannot be made with bfloat16 values: call=" + call.describe()
                    + ". Use all_reduce, reduce_scatter, all_gather or all_to_all on FLOAT32.");
        }
        if (staging.bytes() < stagingBytes(call)) {
            throw new IllegalArgumentException("staging memory is too small: call=" + call.describe()
                    + ", stagingBytes=" + staging.bytes() + ", neededBytes=" + stagingBytes(call)
                    + ". Give stagingBytes(call) bytes.");
        }
        call.check(communicator.rank(), communicator.numRanks());
        this.call = call;
        this.communicator = communicator;
        this.wire = wire(call, communicator.rank(), staging);
    }

    private static boolean isSupported(CollectiveOp op) {
        return switch (op) {
            case ALL_REDUCE, REDUCE_SCATTER, ALL_GATHER, ALL_TO_ALL -> true;
            case BROADCAST, BARRIER, SEND, RECEIVE -> false;
        };
    }

    /** Bytes that a call needs beyond its own regions. */
    public static long stagingBytes(CollectiveCall call) {
        return call.op() == CollectiveOp.REDUCE_SCATTER ? call.input().bytes() / RATIO : 0;
    }

    /** The call in its in-place form. */
    private static CollectiveCall wire(CollectiveCall call, int rank, MemoryRegion staging) {
        long inputBytes = call.input().bytes() / RATIO;
        long outputBytes = call.output().bytes() / RATIO;
        MemoryRegion whole = call.op() == CollectiveOp.REDUCE_SCATTER ? staging : call.output();
        long inputOffset = call.op() == CollectiveOp.ALL_GATHER ? inputBytes * rank : 0;
        long outputOffset = call.op() == CollectiveOp.REDUCE_SCATTER ? outputBytes * rank : 0;
        return new CollectiveCall(
                call.op(),
                call.reduce(),
                DType.BFLOAT16,
                whole.slice(inputOffset, inputBytes),
                whole.slice(outputOffset, outputBytes),
                call.root(),
                call.tag());
    }

    /**
     * Makes the call.
     *
     * @throws dev.tartan.collective.CollectiveException as {@link Communicator#run} does; the output means nothing then
     */
    public void run() {
        round();
        communicator.run(wire);
        widen();
    }

    /**
     * Rounds the input and starts the call.
     *
     * @return this, to be awaited once before it is started again
     */
    public PendingCall start() {
        round();
        underWay = communicator.start(wire);
        return this;
    }

    @Override
    public boolean isDone() {
        return underWay == null || underWay.isDone();
    }

    /** Waits until the call has ended, and completes the output. */
    @Override
    public void await() {
        PendingCall started = underWay;
        if (started == null) {
            throw new IllegalStateException("call is not under way: call=" + call.describe() + ". Start it first.");
        }
        underWay = null;
        started.await();
        widen();
    }

    private void round() {
        convert.fromFloats(
                call.input().address(), wire.input().address(), wire.input().bytes() / DType.BFLOAT16.bytes());
    }

    private void widen() {
        convert.toFloats(
                wire.output().address(), call.output().address(), wire.output().bytes() / DType.BFLOAT16.bytes());
    }
}
