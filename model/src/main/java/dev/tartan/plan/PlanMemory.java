package dev.tartan.plan;

import dev.tartan.graph.Op;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.op.RankDependentOp;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.MemoryCopy;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives every buffer of a program a place in the arena of its memory. Buffers are placed from the largest down, each
 * into the smallest gap left by those already placed whose lifetimes overlap its own.
 *
 * <p>Idea: "greedy by size" of Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference".
 */
public final class PlanMemory {
    private final Program program;
    private final BufferSharing sharing;
    private final Map<String, BufferSlot> kept;
    private final DeviceTraits traits;

    private PlanMemory(Program program, BufferSharing sharing, Map<String, BufferSlot> kept, DeviceTraits traits) {
        this.program = program;
        this.sharing = sharing;
        this.kept = kept;
        this.traits = traits;
    }

    /** Bytes that are in use from one instruction to another, both included, and where they are placed. */
    private static final class Region {
        private final int first;
        private final int last;
        private final long bytes;
        private long offset;

        Region(int first, int last, long bytes) {
            this.first = first;
            this.last = last;
            this.bytes = MemoryPlan.aligned(bytes);
        }

        boolean meets(Region other) {
            return other.first <= last && first <= other.last;
        }

        long end() {
            return offset + bytes;
        }
    }

    /**
     * Plans a program's memory.
     *
     * @param replacedStates output label to the input that it replaces from step to step
     */
    public static MemoryPlan run(Program program, Map<String, String> replacedStates, DeviceTraits traits) {
        return run(program, replacedStates, Set.of(), traits);
    }

    /**
     * Plans a program's memory.
     *
     * @param replacedStates output label to the input that it replaces from step to step
     * @param keptInputs inputs that are written once and read by every run; memory of other inputs is used again
     */
    public static MemoryPlan run(
            Program program, Map<String, String> replacedStates, Set<String> keptInputs, DeviceTraits traits) {
        return new PlanMemory(program, new BufferSharing(program, replacedStates, keptInputs), Map.of(), traits)
                .place();
    }

    /**
     * Plans the memory of a program that runs between the runs of another, in the same arena: what the other keeps
     * stays where it is, and inputs of its name are that.
     *
     * @param kept where the other keeps its states, by name
     */
    public static MemoryPlan runBeside(Program program, Map<String, BufferSlot> kept, DeviceTraits traits) {
        return new PlanMemory(program, new BufferSharing(program, Map.of(), kept.keySet()), kept, traits).place();
    }

    private MemoryPlan place() {
        int count = program.values().size();
        boolean[] used = new boolean[count];
        program.inputs().forEach(input -> used[input.value()] = true);
        program.instructions().forEach(i -> i.results().forEach(result -> used[result] = true));
        // By the value that stands for a buffer.
        @Nullable Region[] buffers = new Region[count];
        List<Region> regions = new ArrayList<>();
        List<Region> onHost = new ArrayList<>();
        List<Region> fixed = new ArrayList<>();
        kept.forEach((name, slot) -> {
            Region region =
                    new Region(BufferSharing.START, program.instructions().size(), slot.bytes());
            region.offset = slot.offsetBytes();
            fixed.add(region);
            for (ProgramPort input : program.inputs()) {
                if (input.name().equals(name)) {
                    buffers[sharing.buffer(input.value())] = region;
                }
            }
        });
        for (int value = 0; value < count; value++) {
            if (used[value] && sharing.buffer(value) == value && buffers[value] == null) {
                Region region = new Region(
                        sharing.firstUse(value),
                        sharing.lastUse(value),
                        program.typeOf(value).bytes());
                buffers[value] = region;
                boolean isOnHost = program.values().get(value).memory() == MemoryKind.HOST;
                (isOnHost ? onHost : regions).add(region);
            }
        }
        long top = place(regions, fixed);
        long hostBytes = place(onHost, List.of());
        List<StagingRing> rings = rings(hostBytes);
        hostBytes += rings.stream().mapToLong(StagingRing::bytes).sum();
        BufferSlot[] slots = new BufferSlot[count];
        Arrays.setAll(slots, value -> {
            Region region = buffers[sharing.buffer(value)];
            return new BufferSlot(
                    region == null ? 0 : region.offset, program.typeOf(value).bytes());
        });
        BufferSlot scratch = new BufferSlot(top, MemoryPlan.aligned(scratchBytes()));
        return new MemoryPlan(
                scratch.endBytes(),
                hostBytes,
                List.of(slots),
                scratch,
                rings,
                traits.profile().stagingChunkBytes(),
                sharing.copies());
    }

    /** What is needed for the collectives along some axes. */
    private static final class RingNeeds {
        private long slotBytes = MemoryPlan.ALIGNMENT_BYTES;
        private int numChunks;

        void add(CollectiveCut cut) {
            slotBytes = Math.max(slotBytes, MemoryPlan.aligned(cut.slotBytes()));
            numChunks += cut.numChunks();
        }
    }

    /** The rings of collectives, one after the other, from an offset on. */
    private List<StagingRing> rings(long offset) {
        long chunkBytes = traits.profile().stagingChunkBytes();
        if (chunkBytes == 0) {
            return List.of();
        }
        Map<List<String>, RingNeeds> needs = new LinkedHashMap<>();
        for (Instruction instruction : program.instructions()) {
            if (instruction.op() instanceof Collective op) {
                CollectiveCut cut = CollectiveCut.of(
                        op,
                        program.typeOf(instruction.operands().get(0)),
                        program.typeOf(instruction.results().get(0)),
                        chunkBytes);
                needs.computeIfAbsent(op.axes(), axes -> new RingNeeds()).add(cut);
            }
        }
        List<StagingRing> rings = new ArrayList<>();
        long end = offset;
        for (Map.Entry<List<String>, RingNeeds> each : needs.entrySet()) {
            int numSlots = Math.min(StagingRing.MOST_SLOTS, each.getValue().numChunks);
            StagingRing ring = new StagingRing(each.getKey(), end, each.getValue().slotBytes, numSlots);
            rings.add(ring);
            end += ring.bytes();
        }
        return rings;
    }

    /** Gives regions their places in one arena, around those that have theirs, and says how large it is. */
    private long place(List<Region> regions, List<Region> fixed) {
        // What lives throughout goes first, so that it forms one block at the bottom; equals keep their order.
        List<Region> inOrder = regions.stream()
                .sorted(Comparator.comparing((Region region) -> !livesThroughout(region))
                        .thenComparing(region -> -region.bytes))
                .toList();
        List<Region> placed = new ArrayList<>(fixed);
        long top = fixed.stream().mapToLong(Region::end).max().orElse(0);
        for (Region region : inOrder) {
            region.offset = bestOffset(region, placed);
            placed.add(region);
            top = Math.max(top, region.end());
        }
        return top;
    }

    private long scratchBytes() {
        long most = 0;
        for (int i = 0; i < program.instructions().size(); i++) {
            Instruction instruction = program.instructions().get(i);
            if (isWithoutKernel(instruction.op())) {
                continue;
            }
            // Kernels are bound to an op as a rank has it; the sizes are the same on all ranks.
            Op op = instruction.op() instanceof RankDependentOp dependent
                    ? dependent.atRank(program.mesh(), 0)
                    : instruction.op();
            most = Math.max(most, traits.scratchBytes(op, program.typesOf(instruction.operands())));
        }
        return most;
    }

    private static boolean isWithoutKernel(Op op) {
        return op instanceof Collective || op instanceof Await || op instanceof MemoryCopy;
    }

    private boolean livesThroughout(Region region) {
        return region.first == BufferSharing.START
                && region.last == program.instructions().size();
    }

    private static long bestOffset(Region region, List<Region> placed) {
        List<Region> neighbours = placed.stream()
                .filter(region::meets)
                .sorted(Comparator.comparingLong(other -> other.offset))
                .toList();
        long best = -1;
        long bestGap = Long.MAX_VALUE;
        long end = 0;
        for (Region other : neighbours) {
            long gap = other.offset - end;
            if (gap >= region.bytes && gap < bestGap) {
                best = end;
                bestGap = gap;
            }
            end = Math.max(end, other.end());
        }
        return best >= 0 ? best : end;
    }
}
