package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import java.util.List;

/**
 * A collective that goes through memory of the host in chunks, each through a slot of a {@link SlotRing}. While one
 * chunk is on the network, the next is copied to the host and the one before to the device.
 *
 * @param reads its operand
 * @param writes its result
 */
record StagedCollective(Object channel, String axis, List<Buffer> reads, List<Buffer> writes, List<StagedChunk> chunks)
        implements CollectiveWork {
    StagedCollective {
        reads = List.copyOf(reads);
        writes = List.copyOf(writes);
        chunks = List.copyOf(chunks);
    }

    @Override
    public boolean copies() {
        return true;
    }

    @Override
    public int numCalls() {
        return chunks.size();
    }

    @Override
    public void enqueue(CommunicationStream stream) {
        for (int i = 0; i < chunks.size(); i++) {
            chunks.get(i).enqueue(stream);
        }
    }

    /** For example {@code collective on data in 3 chunks}. */
    @Override
    public String toString() {
        return "collective on " + axis + " in " + chunks.size() + " chunks";
    }
}
