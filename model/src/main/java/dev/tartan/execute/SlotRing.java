package dev.tartan.execute;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.HostTask;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.plan.CollectiveCut;
import dev.tartan.plan.StagingRing;
import java.util.ArrayList;
import java.util.List;

/**
 * Slots of pinned memory that the chunks of one communicator's collectives use in turn, in the order of the program. No
 * chunk waits for those of the run before, at whose end all was waited for.
 */
final class SlotRing {
    private final StagingRing plan;
    private final Arena host;
    private final List<StagedChunk.Events> events = new ArrayList<>();
    private final List<StagedChunk> chunks = new ArrayList<>();

    /** Makes the ring that is planned, in an arena of the host. */
    SlotRing(StagingRing plan, Arena host, Device device) {
        this.plan = plan;
        this.host = host;
        for (int slot = 0; slot < plan.numSlots(); slot++) {
            events.add(new StagedChunk.Events(device.event(), device.event(), device.event()));
        }
    }

    /** Makes the call of a chunk. */
    @FunctionalInterface
    interface CallMaker {
        HostTask make(int chunk, Buffer operand, Buffer result);
    }

    /** The chunks of a collective, after all that were made before. */
    List<StagedChunk> cut(CollectiveCut cut, int rank, Buffer in, Buffer out, CallMaker calls) {
        List<StagedChunk> made = new ArrayList<>();
        for (int chunk = 0; chunk < cut.numChunks(); chunk++) {
            int slot = chunks.size() % plan.numSlots();
            Buffer memory = memory(slot, in.type().dtype(), cut.slotElements(chunk));
            List<StagedChunk.Copy> toHost = cut.operandPieces(chunk, rank).stream()
                    .map(piece -> new StagedChunk.Copy(tensor(in, piece), slot(memory, piece)))
                    .toList();
            List<StagedChunk.Copy> toDevice = cut.resultPieces(chunk, rank).stream()
                    .map(piece -> new StagedChunk.Copy(slot(memory, piece), tensor(out, piece)))
                    .toList();
            HostTask call = calls.make(
                    chunk, view(memory, cut.operandView(chunk, rank)), view(memory, cut.resultView(chunk, rank)));
            boolean slotWasUsed = chunks.size() >= plan.numSlots();
            if (slotWasUsed) {
                chunks.get(chunks.size() - plan.numSlots()).letSlotBeUsedAgain();
            }
            StagedChunk one = new StagedChunk(toHost, call, toDevice, events.get(slot), slotWasUsed);
            chunks.add(one);
            made.add(one);
        }
        return made;
    }

    private Buffer memory(int slot, DType type, long elements) {
        return host.buffer(new TensorType(type, Shape.shape(elements)), plan.offsetBytes() + slot * plan.slotBytes());
    }

    private static Buffer tensor(Buffer tensor, CollectiveCut.Piece piece) {
        return tensor.part(piece.element(), piece.count());
    }

    private static Buffer slot(Buffer memory, CollectiveCut.Piece piece) {
        return memory.part(piece.slotElement(), piece.count());
    }

    private static Buffer view(Buffer memory, CollectiveCut.View view) {
        return memory.part(view.first(), view.count());
    }
}
