package dev.tartan.plan;

import java.util.List;

/**
 * Pinned memory of the host through which all collectives along some axes go, chunk by chunk, where communicators do
 * not reach the memory of the device. Plain data.
 *
 * @param axes that the collectives go along
 * @param offsetBytes of the first slot in the arena that the device has in memory of the host; the others follow
 * @param slotBytes of one slot: the largest chunk
 * @param numSlots at most {@link #MOST_SLOTS}, and no more than there are chunks
 */
public record StagingRing(List<String> axes, long offsetBytes, long slotBytes, int numSlots) {
    /** One is filled by the device while another is on the network and a third is emptied by the device. */
    public static final int MOST_SLOTS = 3;

    public StagingRing {
        axes = List.copyOf(axes);
    }

    /** All that it takes. */
    public long bytes() {
        return slotBytes * numSlots;
    }
}
