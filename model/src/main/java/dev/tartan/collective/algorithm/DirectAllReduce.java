package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;

/**
 * Every rank sends each other one that one's chunk, adds up its own chunk in the order of ranks, and sends the sum to
 * all. Chunks are summed as {@code ((r0 + r1) + r2) + ...}, as ranks of one process do, so results are bitwise the same
 * however ranks are spread over processes.
 *
 * <p>Cost: steps 2(P-1), bytes sent 2S(P-1)/P, bytes combined S(P-1)/P. All ranks send to all, so a network has to
 * carry more at once than with a ring.
 */
final class DirectAllReduce implements CollectiveAlgorithm {
    private final Workspace workspace;
    private long[] queued = new long[0];

    DirectAllReduce(Workspace workspace) {
        this.workspace = workspace;
    }

    @Override
    public String name() {
        return "direct";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_REDUCE;
    }

    @Override
    public double micros(GroupCosts costs, long payloadBytes) {
        int numRanks = costs.numRanks();
        double moved = (double) payloadBytes * (numRanks - 1) / numRanks;
        // Behind the ring where all else is equal.
        return costs.across().micros(2.0 * (numRanks - 1), 2 * moved, moved) + 1;
    }

    @Override
    public void run(CollectiveCall call) {
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
        while (!allSent(call, 1)) {
            step(call, false);
        }
        // What was sent of the other chunks may be overwritten from here on.
        for (int from = 0; from < numRanks; from++) {
            if (from != workspace.rank()) {
                gather(call, from, segments);
            }
        }
        while (!allSent(call, 2)) {
            step(call, true);
        }
    }

    private void reduce(CollectiveCall call, long segment) {
        int self = workspace.rank();
        int numRanks = workspace.numRanks();
        long offset = offset(call, self, segment);
        long bytes = bytes(call, self, segment);
        long input = call.input().address() + offset;
        long output = call.output().address() + offset;
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

    private void gather(CollectiveCall call, int from, long alreadyReceived) {
        Link link = workspace.transport().link(from);
        long segments = segments(call, from);
        long posted = 0;
        while (link.received() < alreadyReceived + segments) {
            while (posted < segments && link.canReceive()) {
                link.receive(call.output().address() + offset(call, from, posted), bytes(call, from, posted));
                posted++;
            }
            step(call, true);
        }
    }

    /** Queues what may be sent, and waits until something happens. */
    private void step(CollectiveCall call, boolean sumsAreReady) {
        Transport transport = workspace.transport();
        long seen = transport.events();
        for (int peer = 0; peer < workspace.numRanks(); peer++) {
            if (peer == workspace.rank()) {
                continue;
            }
            Link link = transport.link(peer);
            long given = segments(call, peer);
            long all = given + (sumsAreReady ? segments(call, workspace.rank()) : 0);
            while (queued[peer] < all && link.canSend()) {
                long message = queued[peer]++;
                if (message < given) {
                    link.send(call.input().address() + offset(call, peer, message), bytes(call, peer, message));
                } else {
                    int self = workspace.rank();
                    link.send(
                            call.output().address() + offset(call, self, message - given),
                            bytes(call, self, message - given));
                }
            }
        }
        transport.awaitEvent(seen);
    }

    private boolean allSent(CollectiveCall call, int phases) {
        for (int peer = 0; peer < workspace.numRanks(); peer++) {
            if (peer != workspace.rank()) {
                long all = segments(call, peer) + (phases == 2 ? segments(call, workspace.rank()) : 0);
                if (workspace.transport().link(peer).sent() < all) {
                    return false;
                }
            }
        }
        return true;
    }

    private long segments(CollectiveCall call, int chunk) {
        long bytes = Workspace.chunkOffset(call, chunk + 1L, workspace.numRanks())
                - Workspace.chunkOffset(call, chunk, workspace.numRanks());
        return Math.max(1, (bytes + workspace.segmentBytes() - 1) / workspace.segmentBytes());
    }

    private long offset(CollectiveCall call, int chunk, long segment) {
        return Workspace.chunkOffset(call, chunk, workspace.numRanks()) + segment * workspace.segmentBytes();
    }

    private long bytes(CollectiveCall call, int chunk, long segment) {
        long end = Workspace.chunkOffset(call, chunk + 1L, workspace.numRanks());
        return Math.min(workspace.segmentBytes(), end - offset(call, chunk, segment));
    }
}
