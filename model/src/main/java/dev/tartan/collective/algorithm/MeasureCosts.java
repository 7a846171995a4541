package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.RankGroup;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Measures what messages cost between the first and the last rank of a group, which are the farthest apart, and tells
 * all ranks. Takes some 100 ms, since code has to be warm: what is measured is to hold for long runs.
 */
final class MeasureCosts {
    private static final int SMALL_BYTES = 8;
    private static final int SMALL_ROUNDS = 2000;
    private static final int LARGE_BYTES = 256 * 1024;
    private static final int LARGE_ROUNDS = 60;
    private static final String TAG = "measure costs";
    private static final double NANOS_PER_MICRO = 1000;

    private final Workspace workspace;
    private final MemoryRegion memory = MemoryRegion.allocate(2 * LARGE_BYTES);

    private MeasureCosts(Workspace workspace) {
        this.workspace = workspace;
    }

    static CostModel run(Workspace workspace) {
        return workspace.numRanks() == 1 ? CostModel.loopback() : new MeasureCosts(workspace).run();
    }

    private CostModel run() {
        double[] costs = new double[5];
        double small = exchange(SMALL_BYTES, SMALL_ROUNDS);
        double large = exchange(LARGE_BYTES, LARGE_ROUNDS);
        costs[0] = Math.max(0.1, small);
        costs[1] = Math.max(1e-6, (large - small) / LARGE_BYTES);
        costs[2] = Math.max(1e-6, combine());
        boolean bySockets = workspace.rank() == 0
                && workspace.transport().linkKind(workspace.numRanks() - 1).equals("tcp");
        costs[3] = bySockets ? 0 : 1;
        costs[4] = isCrowded() ? 1 : 0;
        broadcast(costs);
        return new CostModel(costs[0], costs[1], costs[2], costs[3] != 0, costs[4] != 0);
    }

    /** As this rank sees it: processors of other machines are taken to be as many as its own. */
    private boolean isCrowded() {
        RankGroup group = workspace.transport().group();
        long most = IntStream.range(0, group.numRanks())
                .mapToLong(group::numRanksOnHostOf)
                .max()
                .orElse(1);
        return most > Runtime.getRuntime().availableProcessors();
    }

    /**
     * The first and the last rank send and receive at once, the others look on. Median time in microseconds of the
     * second half, when code is warm.
     */
    private double exchange(int bytes, int rounds) {
        int last = workspace.numRanks() - 1;
        int rank = workspace.rank();
        boolean takesPart = rank == 0 || rank == last;
        long from = memory.address();
        long to = from + LARGE_BYTES;
        CollectiveCall call = CollectiveCall.broadcast(memory.slice(0, bytes), ElementType.BYTE, 0, TAG + " " + bytes);
        double[] micros = new double[rounds / 2];
        workspace.transport().begin(call);
        for (int round = 0; takesPart && round < rounds; round++) {
            Link link = workspace.transport().link(last - rank);
            long startNanos = System.nanoTime();
            link.receive(to, bytes);
            link.send(from, bytes);
            workspace.awaitReceived(link, round + 1);
            workspace.awaitSent(link, round + 1);
            micros[round % micros.length] = (System.nanoTime() - startNanos) / NANOS_PER_MICRO;
        }
        workspace.transport().end();
        Arrays.sort(micros);
        return micros[micros.length / 2];
    }

    /** Time in microseconds per byte. */
    private double combine() {
        CollectiveCall call = CollectiveCall.allReduce(
                memory.slice(0, LARGE_BYTES),
                memory.slice(LARGE_BYTES, LARGE_BYTES),
                ElementType.FLOAT32,
                ReduceKind.SUM,
                TAG);
        double least = Double.POSITIVE_INFINITY;
        for (int round = 0; round < LARGE_ROUNDS; round++) {
            long startNanos = System.nanoTime();
            workspace.combine(call, memory.address(), memory.address() + LARGE_BYTES, memory.address(), LARGE_BYTES);
            least = Math.min(least, (System.nanoTime() - startNanos) / NANOS_PER_MICRO);
        }
        return least / LARGE_BYTES;
    }

    private void broadcast(double[] costs) {
        MemoryRegion region = memory.slice(0, costs.length * (long) Double.BYTES);
        for (int i = 0; i < costs.length; i++) {
            NativeMemory.putVolatile(region.address() + i * (long) Double.BYTES, Double.doubleToRawLongBits(costs[i]));
        }
        CollectiveCall call = CollectiveCall.broadcast(region, ElementType.FLOAT64, 0, TAG);
        workspace.transport().begin(call);
        new TreeBroadcast(workspace).run(call);
        workspace.transport().end();
        for (int i = 0; i < costs.length; i++) {
            costs[i] = Double.longBitsToDouble(NativeMemory.getVolatile(region.address() + i * (long) Double.BYTES));
        }
    }
}
