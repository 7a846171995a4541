package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.algorithm.GroupShape.Carrier;
import java.util.Locale;

/**
 * Tells all ranks of a new group what carries messages between the first and the last: whether two processes could
 * share memory only these two know. One broadcast of a word.
 */
final class AgreeOnCarrier {
    private AgreeOnCarrier() {}

    static Carrier run(Workspace workspace) {
        int last = workspace.numRanks() - 1;
        if (last == 0) {
            return Carrier.LOCAL;
        }
        MemoryRegion word = MemoryRegion.allocate(Long.BYTES);
        if (workspace.rank() == 0) {
            String kind = workspace.transport().linkKind(last);
            NativeMemory.putVolatile(
                    word.address(),
                    Carrier.valueOf(kind.toUpperCase(Locale.ROOT)).ordinal());
        }
        CollectiveCall call = CollectiveCall.broadcast(word, ElementType.BYTE, 0, "agree on carrier");
        workspace.transport().begin(call);
        new TreeBroadcast(workspace).run(call);
        workspace.transport().end();
        return Carrier.values()[(int) NativeMemory.getVolatile(word.address())];
    }
}
