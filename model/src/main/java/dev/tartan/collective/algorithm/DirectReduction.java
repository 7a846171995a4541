package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;

/**
 * Every rank sends each other one that one's chunk, and adds up its own chunk in the order of ranks: {@code ((r0 + r1)
 * + r2) + ...}, as ranks of one process do on shared work. So sums are bitwise the same however ranks are spread over
 * processes. A chunk moves as <i>segments</i>, one message each.
 */
abstract class DirectReduction {
    private final Workspace workspace;
    private long[] queued = new long[0];

    DirectReduction(Workspace workspace) {
        this.workspace = workspace;
    }

    Workspace workspace() {
        return workspace;
    }

    /** Offset of a chunk within the input; also defined for the one after the last. */
    abstract long chunkOffset(CollectiveCall call, int chunk);

    /** Where the sum of this rank's chunk goes, given an offset within the input. */
    abstract long kept(CollectiveCall call, long offset);

    /** Sends all chunks and adds up this rank's, which is complete on return. */
    void reduce(CollectiveCall call) {
        int numRanks = workspace.numRanks();
        if (queued.length != numRanks) {
            queued = new long[numRanks];
        }
        for (int peer = 0; peer < numRanks; peer++) {
            queued[peer] = 0;
        }
        long segments = segments(call, workspace.rank());
        for (long segment = 0; segment < segments; segment++) {
            reduce(call, segment);
        }
        while (!allSent(call, false)) {
            step(call, false);
        }
    }

    private void reduce(CollectiveCall call, long segment) {
        int self = workspace.rank();
        int numRanks = workspace.numRanks();
        long offset = offset(call, self, segment);
        long bytes = bytes(call, self, segment);
        long input = call.input().address() + offset;
        long output = kept(call, offset);
        boolean ownComesLate = self >= 2;
        long sum = ownComesLate ? workspace.scratch(workspace.segmentBytes()) : output;
        for (int from = 0; from < numRanks; from++) {
            if (from == self) {
                if (ownComesLate) {
                    workspace.combine(call, sum, input, output, bytes);
                    sum = output;
                }
                continue;
            }
            Link link = workspace.transport().link(from);
            if (self < 2 && from == 1 - self) {
                // The sum of the first two, which does not depend on their order.
                link.receiveCombined(input, sum, bytes);
            } else if (from == 0) {
                link.receive(sum, bytes);
            } else {
                link.receiveCombined(sum, sum, bytes);
            }
            while (link.received() < segment + 1) {
                step(call, false);
            }
        }
        workspace.complete(call, output, bytes);
    }

    /** Queues what may be sent, this rank's sum included once it is ready, and waits until something happens. */
    void step(CollectiveCall call, boolean sumIsReady) {
        Transport transport = workspace.transport();
        long seen = transport.events();
        int self = workspace.rank();
        for (int peer = 0; peer < workspace.numRanks(); peer++) {
            if (peer == self) {
                continue;
            }
            Link link = transport.link(peer);
            long given = segments(call, peer);
            long all = given + (sumIsReady ? segments(call, self) : 0);
            while (queued[peer] < all && link.canSend()) {
                long message = queued[peer]++;
                if (message < given) {
                    link.send(call.input().address() + offset(call, peer, message), bytes(call, peer, message));
                } else {
                    long segment = message - given;
                    link.send(kept(call, offset(call, self, segment)), bytes(call, self, segment));
                }
            }
        }
        transport.awaitEvent(seen);
    }

    /** Whether all chunks have been sent, and this rank's sum to all. */
    boolean allSent(CollectiveCall call, boolean sumsToo) {
        for (int peer = 0; peer < workspace.numRanks(); peer++) {
            if (peer != workspace.rank()) {
                long all = segments(call, peer) + (sumsToo ? segments(call, workspace.rank()) : 0);
                if (workspace.transport().link(peer).sent() < all) {
                    return false;
                }
            }
        }
        return true;
    }

    long segments(CollectiveCall call, int chunk) {
        long bytes = chunkOffset(call, chunk + 1) - chunkOffset(call, chunk);
        return Math.max(1, (bytes + workspace.segmentBytes() - 1) / workspace.segmentBytes());
    }

    long offset(CollectiveCall call, int chunk, long segment) {
        return chunkOffset(call, chunk) + segment * workspace.segmentBytes();
    }

    long bytes(CollectiveCall call, int chunk, long segment) {
        return Math.min(workspace.segmentBytes(), chunkOffset(call, chunk + 1) - offset(call, chunk, segment));
    }
}
