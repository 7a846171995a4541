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
 * two ({@link FoldedRanks}). Source: Thakur, Rabenseifner and Gropp, <i>Optimization of Collective Communication
 * Operations in MPICH</i> (2005).
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
    public void run(CollectiveCall call) {
        long output = call.output().address();
        long from = folded.fold(call);
        int place = folded.place();
        if (place >= 0) {
            int depths = Workspace.doublings(folded.places());
            if (depths == 0 && from != output) {
                NativeMemory.copy(from, output, call.payloadBytes());
            }
            for (int depth = 1; depth <= depths; depth++) {
                halve(call, place, depth, depth == 1 ? from : output);
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

    /** Both halves are at {@code from}; the sum of the one kept goes to the output. */
    private void halve(CollectiveCall call, int place, int depth, long from) {
        int partner = partner(place, depth);
        Link link = folded.link(partner);
        long begin = begin(call, place, depth);
        long given = begin(call, partner, depth);
        link.receiveCombined(from + begin, call.output().address() + begin, end(call, place, depth) - begin);
        link.send(from + given, end(call, partner, depth) - given);
        workspace.awaitReceived(link, 1);
        workspace.awaitSent(link, 1);
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
