package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Link;

/**
 * Partners at half the places' distance exchange halves of the payload and keep the sum of one, then of quarters, and
 * so on; back the same way, each sends the sums it holds. For payloads in between.
 *
 * <p>Cost: steps 2 log2 P, bytes sent 2S(P-1)/P, bytes combined S(P-1)/P; two steps and 2S more unless P is a power of
 * two ({@link FoldedRanks}). Both partners combine in the order of their places. Source: Thakur, Rabenseifner and Gropp
 * (2005), see {@link CostModel}.
 *
 * <p>At <i>depth</i> d a place holds one of 2^d ranges: that of its d highest bits, as the halves of halves.
 */
final class HalvingDoublingAllReduce implements CollectiveAlgorithm {
    private final Workspace workspace;
    private final FoldedRanks folded;

    HalvingDoublingAllReduce(Workspace workspace) {
        this.workspace = workspace;
        this.folded = new FoldedRanks(workspace);
    }

    @Override
    public String name() {
        return "halving-doubling";
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
        int places = Integer.highestOneBit(numRanks);
        double moved = (double) payloadBytes * (places - 1) / places;
        return model.micros(2.0 * CostModel.doublings(places), 2 * moved, moved)
                + FoldedRanks.micros(model, numRanks, payloadBytes);
    }

    @Override
    public void run(CollectiveCall call) {
        long output = call.output().address();
        if (call.input().address() != output) {
            NativeMemory.copy(call.input().address(), output, call.payloadBytes());
        }
        folded.fold(call);
        int place = folded.place();
        if (place >= 0) {
            int depths = CostModel.doublings(folded.places());
            for (int depth = 1; depth <= depths; depth++) {
                halve(call, place, depth);
            }
            long begin = begin(call, place, depths);
            workspace.complete(call, output + begin, end(call, place, depths) - begin);
            for (int depth = depths; depth >= 1; depth--) {
                gather(call, place, depth);
            }
        }
        folded.unfold(call);
    }

    private int partner(int place, int depth) {
        return place ^ (folded.places() >> depth);
    }

    private void halve(CollectiveCall call, int place, int depth) {
        int partner = partner(place, depth);
        Link link = folded.link(partner);
        long output = call.output().address();
        long begin = begin(call, place, depth);
        long bytes = end(call, place, depth) - begin;
        long given = begin(call, partner, depth);
        long scratch = workspace.scratch(bytes);
        link.receive(scratch, bytes);
        link.send(output + given, end(call, partner, depth) - given);
        workspace.awaitReceived(link, 1);
        workspace.awaitSent(link, 1);
        if (place < partner) {
            workspace.combine(call, output + begin, scratch, output + begin, bytes);
        } else {
            workspace.combine(call, scratch, output + begin, output + begin, bytes);
        }
    }

    private void gather(CollectiveCall call, int place, int depth) {
        int partner = partner(place, depth);
        Link link = folded.link(partner);
        long output = call.output().address();
        long begin = begin(call, place, depth);
        long taken = begin(call, partner, depth);
        link.receive(output + taken, end(call, partner, depth) - taken);
        link.send(output + begin, end(call, place, depth) - begin);
        // One message has gone each way when halving with this partner.
        workspace.awaitReceived(link, 2);
        workspace.awaitSent(link, 2);
    }

    private long begin(CollectiveCall call, int place, int depth) {
        return Workspace.chunkOffset(call, range(place, depth), 1L << depth);
    }

    private long end(CollectiveCall call, int place, int depth) {
        return Workspace.chunkOffset(call, range(place, depth) + 1L, 1L << depth);
    }

    private int range(int place, int depth) {
        return place / (folded.places() >> depth);
    }
}
