package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.transport.Link;

/**
 * How algorithms for a power of two of ranks serve any number: of the first {@code 2 * extra} ranks, each even one
 * gives its values to the odd one after it, and gets the result from it in the end. Those that remain have
 * <i>places</i> 0, 1, ... in the order of their ranks. Source: Rabenseifner and Traeff, <i>More efficient reduction
 * algorithms for non-power-of-two number of processors</i> (2004), the simple form.
 *
 * <p>Cost beyond the power of two: 2 steps, 2S bytes, for some ranks.
 */
final class FoldedRanks {
    private final Workspace workspace;
    private final int places;
    private final int extra;

    FoldedRanks(Workspace workspace) {
        this.workspace = workspace;
        this.places = Integer.highestOneBit(workspace.numRanks());
        this.extra = workspace.numRanks() - places;
    }

    /** The power of two of ranks that remain. */
    int places() {
        return places;
    }

    /** This rank's place, or -1 if it only gives its values to another. */
    int place() {
        int rank = workspace.rank();
        if (rank >= 2 * extra) {
            return rank - extra;
        }
        return rank % 2 == 0 ? -1 : rank / 2;
    }

    /** The link to the rank at a place. */
    Link link(int place) {
        return workspace.transport().link(place < extra ? 2 * place + 1 : place + extra);
    }

    /**
     * Brings the values of ranks without a place to their neighbours' outputs. Returns where this rank's values are
     * now: its output, or still its input.
     */
    long fold(CollectiveCall call) {
        int rank = workspace.rank();
        long bytes = call.payloadBytes();
        long input = call.input().address();
        if (rank >= 2 * extra) {
            return input;
        }
        if (rank % 2 == 0) {
            Link odd = workspace.transport().link(rank + 1);
            odd.send(input, bytes);
            workspace.awaitSent(odd, 1);
            return input;
        }
        Link even = workspace.transport().link(rank - 1);
        even.receiveCombined(input, call.output().address(), bytes);
        workspace.awaitReceived(even, 1);
        return call.output().address();
    }

    /** Brings the result back to them. */
    void unfold(CollectiveCall call) {
        int rank = workspace.rank();
        if (rank >= 2 * extra) {
            return;
        }
        if (rank % 2 == 0) {
            Link odd = workspace.transport().link(rank + 1);
            odd.receive(call.output().address(), call.payloadBytes());
            workspace.awaitReceived(odd, 1);
        } else {
            Link even = workspace.transport().link(rank - 1);
            even.send(call.output().address(), call.payloadBytes());
            workspace.awaitSent(even, 1);
        }
    }
}
