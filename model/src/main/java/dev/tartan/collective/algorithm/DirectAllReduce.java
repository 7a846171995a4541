package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Link;

/**
 * A {@link DirectReduction}, after which every rank sends its sum to all.
 *
 * <p>Cost: steps 2(P-1), bytes sent 2S(P-1)/P, bytes combined S(P-1)/P. All ranks send to all, so a network has to
 * carry more at once than with a ring.
 */
final class DirectAllReduce extends DirectReduction implements CollectiveAlgorithm {
    DirectAllReduce(Workspace workspace) {
        super(workspace);
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
    long chunkOffset(CollectiveCall call, int chunk) {
        return Workspace.chunkOffset(call, chunk, workspace().numRanks());
    }

    @Override
    long kept(CollectiveCall call, long offset) {
        return call.output().address() + offset;
    }

    @Override
    public void run(CollectiveCall call) {
        reduce(call);
        // What was sent of the other chunks may be overwritten from here on.
        long segments = segments(call, workspace().rank());
        for (int from = 0; from < workspace().numRanks(); from++) {
            if (from != workspace().rank()) {
                gather(call, from, segments);
            }
        }
        while (!allSent(call, true)) {
            step(call, true);
        }
    }

    private void gather(CollectiveCall call, int from, long alreadyReceived) {
        Link link = workspace().transport().link(from);
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
}
