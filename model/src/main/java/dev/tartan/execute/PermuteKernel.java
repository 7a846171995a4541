package dev.tartan.execute;

import dev.tartan.backend.Kernel;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.partition.Permute;
import java.util.List;

/**
 * One rank's side of a permute, by messages between two ranks each.
 *
 * <p>Ranks send to one another in cycles. In each, counted from its lowest rank, those at even places send before they
 * receive and the others receive first, so that a send meets its receive although each waits for the other. Cost: two
 * messages, one after the other, or three where a cycle is of odd length.
 */
final class PermuteKernel {
    private PermuteKernel() {}

    static Kernel of(
            Permute permute,
            Communicator communicator,
            MemoryRegion input,
            MemoryRegion output,
            ElementType type,
            String tag) {
        int rank = communicator.rank();
        List<Integer> sources = permute.sources();
        int source = sources.get(rank);
        if (source == rank) {
            return stream -> NativeMemory.copy(input.address(), output.address(), output.bytes());
        }
        if (input.bytes() == 0) {
            return stream -> {};
        }
        CollectiveCall send = CollectiveCall.send(input, type, sources.indexOf(rank), tag);
        CollectiveCall receive = CollectiveCall.receive(output, type, source, tag);
        boolean sendsFirst = place(sources, rank) % 2 == 0;
        CollectiveCall first = sendsFirst ? send : receive;
        CollectiveCall second = sendsFirst ? receive : send;
        return stream -> {
            communicator.run(first);
            communicator.run(second);
        };
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
