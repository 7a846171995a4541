package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Link;

/**
 * Places at distance 1, 2, 4, ... exchange all they have summed so far. For small payloads, where steps count.
 *
 * <p>Cost: steps log2 P, bytes sent S log2 P, bytes combined S log2 P; two steps more unless P is a power of two
 * ({@link FoldedRanks}). Both partners combine the lower place's sum with the higher one's, in that order.
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
    public double micros(CostModel model, int numRanks, long payloadBytes) {
        if (payloadBytes > Workspace.MAX_SCRATCH_BYTES) {
            return Double.POSITIVE_INFINITY;
        }
        int steps = CostModel.doublings(Integer.highestOneBit(numRanks));
        double moved = (double) payloadBytes * steps;
        return model.micros(steps, moved, moved) + FoldedRanks.micros(model, numRanks, payloadBytes);
    }

    @Override
    public void run(CollectiveCall call) {
        long bytes = call.payloadBytes();
        long output = call.output().address();
        if (call.input().address() != output) {
            NativeMemory.copy(call.input().address(), output, bytes);
        }
        folded.fold(call);
        int place = folded.place();
        if (place >= 0) {
            long scratch = workspace.scratch(bytes);
            for (int distance = 1; distance < folded.places(); distance *= 2) {
                exchange(call, place, place ^ distance, scratch);
            }
            workspace.complete(call, output, bytes);
        }
        folded.unfold(call);
    }

    private void exchange(CollectiveCall call, int place, int partner, long scratch) {
        long bytes = call.payloadBytes();
        long output = call.output().address();
        Link link = folded.link(partner);
        link.receive(scratch, bytes);
        link.send(output, bytes);
        workspace.awaitReceived(link, 1);
        // The sum may only be changed once it has left.
        workspace.awaitSent(link, 1);
        if (place < partner) {
            workspace.combine(call, output, scratch, output, bytes);
        } else {
            workspace.combine(call, scratch, output, output, bytes);
        }
    }
}
