package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.Stream;
import java.util.List;

/** One chunk of a {@link StagedCollective}: copies to its slot, a call there, and copies from it. */
final class StagedChunk {
    private final List<Copy> toHost;
    private final HostTask call;
    private final List<Copy> toDevice;
    private final Events events;
    private final boolean slotWasUsed;
    private boolean slotIsUsedAgain;

    /** Some consecutive elements. */
    record Copy(Buffer from, Buffer to) {}

    /**
     * When a slot was used last.
     *
     * @param filled it holds the operand
     * @param called it holds the result
     * @param emptied it may be filled again
     */
    record Events(Event filled, Event called, Event emptied) {}

    /**
     * A chunk in a slot.
     *
     * @param slotWasUsed by another chunk of the same run, which must be done with it
     */
    StagedChunk(List<Copy> toHost, HostTask call, List<Copy> toDevice, Events events, boolean slotWasUsed) {
        this.toHost = List.copyOf(toHost);
        this.call = call;
        this.toDevice = List.copyOf(toDevice);
        this.events = events;
        this.slotWasUsed = slotWasUsed;
    }

    /** Says that another chunk of the same run waits for the slot. */
    void letSlotBeUsedAgain() {
        slotIsUsedAgain = true;
    }

    void enqueue(CommunicationStream stream) {
        if (slotWasUsed) {
            stream.toHost().await(events.emptied());
        }
        copy(stream.toHost(), toHost);
        stream.toHost().record(events.filled());
        stream.calls().await(events.filled());
        stream.calls().enqueue(call);
        stream.calls().record(events.called());
        stream.toDevice().await(events.called());
        copy(stream.toDevice(), toDevice);
        if (slotIsUsedAgain) {
            stream.toDevice().record(events.emptied());
        }
    }

    private static void copy(Stream stream, List<Copy> copies) {
        for (int i = 0; i < copies.size(); i++) {
            stream.copy(copies.get(i).from(), copies.get(i).to());
        }
    }
}
