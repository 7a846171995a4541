package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;

/**
 * In round i, each rank tells the one 2^i places on that it, and all it has heard of, are here.
 *
 * <p>Cost: steps log2 P, rounded up, and no bytes. Source: Hensgen, Finkel and Manber, <i>Two algorithms for barrier
 * synchronization</i> (1988).
 */
final class DisseminationBarrier implements CollectiveAlgorithm {
    private final Workspace workspace;

    DisseminationBarrier(Workspace workspace) {
        this.workspace = workspace;
    }

    @Override
    public String name() {
        return "dissemination";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.BARRIER;
    }

    @Override
    public void run(CollectiveCall call) {
        int numRanks = workspace.numRanks();
        int rank = workspace.rank();
        for (int distance = 1; distance < numRanks; distance *= 2) {
            Link to = workspace.transport().link((rank + distance) % numRanks);
            Link from = workspace.transport().link((rank + numRanks - distance) % numRanks);
            long alreadyReceived = from.received();
            long alreadySent = to.sent();
            from.receive(0, 0);
            to.send(0, 0);
            workspace.awaitReceived(from, alreadyReceived + 1);
            workspace.awaitSent(to, alreadySent + 1);
        }
    }
}
