package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Link;

/**
 * In round i, ranks whose numbers add up to i, modulo P, exchange their chunks for one another.
 *
 * <p>Cost: rounds P, in one of which a rank has itself for a partner; bytes sent S(P-1)/P. In place, a segment to be
 * sent is copied away first, since the one received takes its place.
 */
final class PairwiseAllToAll implements CollectiveAlgorithm {
    private final Workspace workspace;

    PairwiseAllToAll(Workspace workspace) {
        this.workspace = workspace;
    }

    @Override
    public String name() {
        return "pairwise";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_TO_ALL;
    }

    @Override
    public void run(CollectiveCall call) {
        int numRanks = workspace.numRanks();
        long chunkBytes = call.payloadBytes() / numRanks;
        boolean inPlace = call.input().address() == call.output().address();
        for (int round = 0; round < numRanks; round++) {
            int partner = Math.floorMod(round - workspace.rank(), numRanks);
            long from = call.input().address() + partner * chunkBytes;
            long to = call.output().address() + partner * chunkBytes;
            if (partner != workspace.rank()) {
                Link link = workspace.transport().link(partner);
                if (inPlace) {
                    swap(link, from, chunkBytes);
                } else {
                    link.receive(to, chunkBytes);
                    link.send(from, chunkBytes);
                    workspace.awaitReceived(link, 1);
                    workspace.awaitSent(link, 1);
                }
            } else if (!inPlace) {
                NativeMemory.copy(from, to, chunkBytes);
            }
        }
    }

    private void swap(Link link, long chunk, long chunkBytes) {
        long segmentBytes = workspace.segmentBytes();
        long scratch = workspace.scratch(Workspace.WINDOW * segmentBytes);
        long segments = (chunkBytes + segmentBytes - 1) / segmentBytes;
        for (long segment = 0; segment < segments; segment++) {
            workspace.awaitSent(link, segment + 1 - Workspace.WINDOW);
            workspace.awaitReceived(link, segment + 1 - Workspace.WINDOW);
            long slot = scratch + segment % Workspace.WINDOW * segmentBytes;
            long at = chunk + segment * segmentBytes;
            long bytes = Math.min(segmentBytes, chunkBytes - segment * segmentBytes);
            NativeMemory.copy(at, slot, bytes);
            link.receive(at, bytes);
            link.send(slot, bytes);
        }
        workspace.awaitReceived(link, segments);
        workspace.awaitSent(link, segments);
    }
}
