package dev.tartan.train.profile;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Brings the traces of all ranks together. */
public final class GatherTraces {
    private static final String TAG = "profile";

    private GatherTraces() {}

    /**
     * The traces of all ranks, in order; a call of all of them.
     *
     * <p>Cost: an all-gather of the largest trace's bytes, some 10 for a span.
     *
     * @param ranks all ranks of the mesh
     * @throws dev.tartan.collective.CollectiveException if a peer fails or is late
     */
    public static List<RankTrace> run(Communicator ranks, RankTrace own) {
        byte[] bytes = TraceBytes.of(own);
        int most = mostBytes(ranks, bytes.length);
        int slot = Integer.BYTES + most;
        ByteBuffer mine = memory(slot).putInt(bytes.length).put(bytes);
        ByteBuffer all = memory(Math.multiplyExact(slot, ranks.numRanks()));
        if (ranks.numRanks() > 1) {
            ranks.run(CollectiveCall.allGather(region(mine), region(all), DType.BOOL, TAG));
        } else {
            all.put(mine.duplicate().clear());
        }
        List<RankTrace> traces = new ArrayList<>();
        for (int rank = 0; rank < ranks.numRanks(); rank++) {
            all.position(rank * slot);
            byte[] theirs = new byte[all.getInt()];
            all.get(theirs);
            traces.add(TraceBytes.read(theirs));
        }
        return traces;
    }

    private static int mostBytes(Communicator ranks, int bytes) {
        ByteBuffer word = memory(Integer.BYTES).putInt(0, bytes);
        if (ranks.numRanks() > 1) {
            ranks.run(CollectiveCall.allReduce(region(word), region(word), DType.INT32, ReduceKind.MAX, TAG));
        }
        return word.getInt(0);
    }

    private static ByteBuffer memory(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private static MemoryRegion region(ByteBuffer memory) {
        return MemoryRegion.of(memory.duplicate().order(ByteOrder.nativeOrder()).clear());
    }
}
