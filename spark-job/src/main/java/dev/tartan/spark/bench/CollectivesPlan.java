package dev.tartan.spark.bench;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be measured; equal on all ranks.
 *
 * @param op the collective
 * @param transport between the ranks
 * @param numRanks of the group, 1 to 4096
 * @param numProcesses that hold as many ranks each, as threads; 1 for {@link BenchTransport#LOCAL}
 * @param sizes payload bytes of the calls; 0 alone for a barrier
 * @param type of the elements
 * @param algorithm the only one to measure; null to measure what a run would pick
 * @param all whether every algorithm is measured at every size
 * @param segmentBytes see {@link AlgorithmChoice#segmentBytes}
 * @param streams see {@link TcpOptions#streams}
 * @param encrypt see {@link TcpOptions#encrypt}
 * @param spinMicros see {@link TcpOptions#spin}
 * @param socketBufferBytes see {@link TcpOptions#socketBufferBytes}
 * @param repeat rounds over all sizes
 * @param warmUpMillis time of calls before the first round times a size
 */
public record CollectivesPlan(
        CollectiveOp op,
        BenchTransport transport,
        int numRanks,
        int numProcesses,
        List<Integer> sizes,
        DType type,
        @Nullable String algorithm,
        boolean all,
        long segmentBytes,
        int streams,
        boolean encrypt,
        long spinMicros,
        int socketBufferBytes,
        int repeat,
        int warmUpMillis) {
    /** The algorithm of ranks in one process, where the last one to come does the work for all. */
    public static final String SHARED = "shared";

    private static final int MAX_RANKS = 4096;
    private static final int MAX_BFLOAT16_RANKS = 256;
    /** As many ranks as there may be before fewer calls are timed, since each takes so much longer. */
    private static final int RANKS_OF_MOST_CALLS = 16;

    private static final int MAX_BYTES = 1 << 30;
    private static final int BYTES_TIMED = 64 << 20;
    private static final int LEAST_CALLS = 5;
    private static final int MOST_CALLS = 300;

    /**
     * Checks the values and copies the list.
     *
     * @throws IllegalArgumentException if a value is out of range, or two do not fit each other
     */
    public CollectivesPlan {
        sizes = List.copyOf(sizes);
        requireRange("--ranks", numRanks, 1, MAX_RANKS);
        requireRange("--repeat", repeat, 1, 1000);
        requireRange("--warm-up-millis", warmUpMillis, 0, 600_000);
        requireRange("--streams", streams, 1, 256);
        requireRange("--spin-micros", spinMicros, 0, 10_000_000);
        requireRange("--socket-buffer-bytes", socketBufferBytes, 0, MAX_BYTES);
        if (all && algorithm != null) {
            throw new IllegalArgumentException(
                    "--all and --algorithm exclude each other: algorithm=" + algorithm + ". Give one of them.");
        }
        boolean byLinks = transport != BenchTransport.LOCAL || all || (algorithm != null && !algorithm.equals(SHARED));
        if (byLinks && numRanks == 1) {
            throw new IllegalArgumentException(
                    "--ranks leaves nobody to send to: ranks=1, transport=" + transport.label() + ". Give 2 or more.");
        }
        boolean socketsAsked = encrypt || streams != 1 || socketBufferBytes != 0;
        if (socketsAsked && transport != BenchTransport.TCP) {
            throw new IllegalArgumentException("--encrypt, --streams and --socket-buffer-bytes are about sockets:"
                    + " transport=" + transport.label() + ". Leave them out, or give --transport tcp.");
        }
        requireProcesses(transport, numRanks, numProcesses);
        if (type.isHalf() && numRanks > MAX_BFLOAT16_RANKS) {
            throw new IllegalArgumentException(
                    "sums of so many ranks are not exact in 16 bits, so results could not be" + " checked: ranks="
                            + numRanks + ". Give " + MAX_BFLOAT16_RANKS + " ranks at most, or another --type.");
        }
        sizes.forEach(bytes -> requireSize(op, type, numRanks, bytes));
        AlgorithmChoice.defaults().withSegmentBytes(segmentBytes);
    }

    private static void requireRange(String option, long value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    option + " is out of range: value=" + value + ". Give " + least + " to " + most + ".");
        }
    }

    private static void requireProcesses(BenchTransport transport, int numRanks, int numProcesses) {
        if (transport == BenchTransport.LOCAL) {
            if (numProcesses != 1) {
                throw new IllegalArgumentException("--processes does not fit ranks of one process: processes="
                        + numProcesses + ", transport=local. Leave it out, or give --transport tcp or shm.");
            }
            return;
        }
        if (numProcesses < 2 || numRanks % numProcesses != 0) {
            throw new IllegalArgumentException("--processes cannot hold as many ranks each: processes=" + numProcesses
                    + ", ranks=" + numRanks + ". Give 2 or more that divide the number of ranks.");
        }
    }

    private static void requireSize(CollectiveOp op, DType type, int numRanks, int bytes) {
        if (op == CollectiveOp.BARRIER) {
            if (bytes != 0) {
                throw new IllegalArgumentException(
                        "--bytes does not fit a barrier, which has no payload: bytes=" + bytes + ". Leave it out.");
            }
            return;
        }
        requireRange("--bytes", bytes, 1, MAX_BYTES);
        int unit = type.bytes() * (isDealtOut(op) ? numRanks : 1);
        if (bytes % unit != 0) {
            throw new IllegalArgumentException("--bytes is no whole number of elements"
                    + (isDealtOut(op) ? " for each rank" : "") + ": bytes=" + bytes + ", elementBytes=" + type.bytes()
                    + ", ranks=" + numRanks + ". Give multiples of " + unit + ".");
        }
    }

    private static boolean isDealtOut(CollectiveOp op) {
        return op == CollectiveOp.REDUCE_SCATTER || op == CollectiveOp.ALL_GATHER || op == CollectiveOp.ALL_TO_ALL;
    }

    /** What processes are connected with. */
    TcpOptions tcpOptions() {
        return TcpOptions.defaults()
                .withStreams(streams)
                .withEncryption(encrypt)
                .withSpin(Duration.ofNanos(1000 * spinMicros))
                .withSocketBufferBytes(socketBufferBytes);
    }

    /** Whether ranks of one process are measured as they work by default, on shared work. */
    boolean measuresSharedWork() {
        return transport == BenchTransport.LOCAL && (all || algorithm == null || algorithm.equals(SHARED));
    }

    /** Whether ranks are measured that send each other messages. */
    boolean measuresLinks() {
        return transport != BenchTransport.LOCAL || all || !measuresSharedWork();
    }

    /** Number of ranks in each process. */
    int ranksPerProcess() {
        return numRanks / numProcesses;
    }

    /** Number of calls timed at a size, for up to 16 ranks as the scripts that measure gloo and MPI have it. */
    int callsTimed(int bytes) {
        int most = MOST_CALLS * RANKS_OF_MOST_CALLS / Math.max(RANKS_OF_MOST_CALLS, numRanks);
        return Math.max(LEAST_CALLS, Math.min(most, BYTES_TIMED / Math.max(1, bytes)));
    }

    /** The bytes that cross the slowest link both ways by the best algorithm, over the payload: nccl-tests' factor. */
    double busFactor() {
        double others = (numRanks - 1.0) / numRanks;
        return switch (op) {
            case ALL_REDUCE -> 2 * others;
            case REDUCE_SCATTER, ALL_GATHER, ALL_TO_ALL -> others;
            default -> 1;
        };
    }
}
