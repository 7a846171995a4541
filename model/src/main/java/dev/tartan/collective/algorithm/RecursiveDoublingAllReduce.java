package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Link;

/**
 * Places at distance 1, 2, 4, ... exchange all they have summed so far. For small payloads, where steps count.
 *
 * <p>Cost: steps log2 P, bytes sent S log2 P, bytes combined S log2 P; two steps more unless P is a power of two
 * ({@link FoldedRanks}). Both partners get the same, since adding two values does not depend on their order.
 */
final class RecursiveDoublingAllReduce implements CollectiveAlgorithm {
    private final Workspace workspace;
    private final FoldedRanks folded;

    RecursiveDoublingAllReduce(Workspace workspace) {
        this.workspace = workspace;
        this.folded = new FoldedRanks(workspace);
    }

    @Override
    public String name() {
        return "doubling";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.ALL_REDUCE;
    }

    @Override
    public void run(CollectiveCall call) {
        long bytes = call.payloadBytes();
        long output = call.output().address();
        long from = folded.fold(call);
        int place = folded.place();
        if (place >= 0) {
            long scratch = workspace.scratch(bytes);
            // What was sent must not change while it leaves, so sums are written now here, now there.
            for (int distance = 1; distance < folded.places(); distance *= 2) {
                long to = from == output ? scratch : output;
                exchange(call, place ^ distance, from, to);
                from = to;
            }
            if (from != output) {
                NativeMemory.copy(from, output, bytes);
            }
            workspace.complete(call, output, bytes);
        }
        folded.unfold(call);
    }

    private void exchange(CollectiveCall call, int partner, long from, long to) {
        Link link = folded.link(partner);
        long received = link.received();
        long sent = link.sent();
        link.send(from, call.payloadBytes());
        link.receiveCombined(from, to, call.payloadBytes());
        workspace.awaitReceived(link, received + 1);
        workspace.awaitSent(link, sent + 1);
    }
}
