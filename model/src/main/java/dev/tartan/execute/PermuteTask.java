package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.graph.DType;
import dev.tartan.partition.Permute;
import java.util.List;

/**
 * One rank's side of a permute, by messages between two ranks each.
 *
 * <p>Ranks send to one another in cycles. In each, counted from its lowest rank, those at even places send before they
 * receive and the others receive first, so that a send meets its receive although each waits for the other. Cost: two
 * messages, one after the other, or three where a cycle is of odd length.
 */
final class PermuteTask {
    private PermuteTask() {}

    /** The messages of a rank that another one sends to. */
    static CollectiveTask of(
            Permute permute, Communicator communicator, Buffer in, Buffer out, DType type, String tag) {
        int rank = communicator.rank();
        List<Integer> sources = permute.sources();
        CollectiveCall send = CollectiveCall.send(CollectiveSteps.region(in), type, sources.indexOf(rank), tag);
        CollectiveCall receive = CollectiveCall.receive(CollectiveSteps.region(out), type, sources.get(rank), tag);
        boolean sendsFirst = place(sources, rank) % 2 == 0;
        return CollectiveTask.of(
                communicator, sendsFirst ? send : receive, sendsFirst ? receive : send, List.of(in), List.of(out));
    }

    /** How many messages away from the lowest rank of its cycle a rank is. */
    private static int place(List<Integer> sources, int rank) {
        int lowest = rank;
        for (int other = sources.get(rank); other != rank; other = sources.get(other)) {
            lowest = Math.min(lowest, other);
        }
        int place = 0;
        for (int other = rank; other != lowest; other = sources.get(other)) {
            place++;
        }
        return place;
    }
}
