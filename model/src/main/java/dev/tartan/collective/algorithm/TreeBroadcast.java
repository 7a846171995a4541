package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;

/**
 * The payload goes down a binomial tree from the root, segment by segment, so that all levels work at once.
 *
 * <p>Cost: steps log2 P, bytes sent at most S log2 P, by the root.
 *
 * <p>Ranks are counted from the root. The parent of rank r is r without its lowest bit; its children are r + 1, r + 2,
 * r + 4, ... below that bit. The far child has the largest subtree and is served first.
 */
final class TreeBroadcast implements CollectiveAlgorithm {
    private final Workspace workspace;

    TreeBroadcast(Workspace workspace) {
        this.workspace = workspace;
    }

    @Override
    public String name() {
        return "tree";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.BROADCAST;
    }

    @Override
    public void run(CollectiveCall call) {
        int numRanks = workspace.numRanks();
        Transport transport = workspace.transport();
        int rank = Math.floorMod(workspace.rank() - call.root(), numRanks);
        int below = rank == 0 ? 1 << Workspace.doublings(numRanks) : Integer.lowestOneBit(rank);
        long segments = (call.payloadBytes() + workspace.segmentBytes() - 1) / workspace.segmentBytes();
        long posted = 0;
        for (long segment = 0; segment < segments; segment++) {
            if (rank != 0) {
                Link parent = link(call, rank - below);
                while (posted < segments && posted < segment + Workspace.WINDOW) {
                    parent.receive(address(call, posted), bytes(call, posted));
                    posted++;
                }
                workspace.awaitReceived(parent, segment + 1);
            }
            for (int distance = below / 2; distance >= 1; distance /= 2) {
                if (rank + distance < numRanks) {
                    Link child = link(call, rank + distance);
                    while (!child.canSend()) {
                        transport.awaitEvent(transport.events());
                    }
                    child.send(address(call, segment), bytes(call, segment));
                }
            }
        }
        for (int distance = below / 2; distance >= 1; distance /= 2) {
            if (rank + distance < numRanks) {
                workspace.awaitSent(link(call, rank + distance), segments);
            }
        }
    }

    private Link link(CollectiveCall call, int fromRoot) {
        return workspace.transport().link((fromRoot + call.root()) % workspace.numRanks());
    }

    private long address(CollectiveCall call, long segment) {
        return call.output().address() + segment * workspace.segmentBytes();
    }

    private long bytes(CollectiveCall call, long segment) {
        return Math.min(workspace.segmentBytes(), call.payloadBytes() - segment * workspace.segmentBytes());
    }
}
