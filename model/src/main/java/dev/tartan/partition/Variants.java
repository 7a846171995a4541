package dev.tartan.partition;

import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The layouts in which each value of the graph is at hand; a reshard is made once and then found here. */
final class Variants {
    /** A layout and the program value that has it. */
    record Variant(NamedSharding sharding, int id) {}

    /** Bytes below which a gather is not worth a note. */
    private static final long LARGE_BYTES = 1 << 20;

    private final Mesh mesh;
    private final ProgramBuilder program;
    private final EmitReshard emit;
    private final Set<Value> gradients;
    private final List<String> notes;
    private final Map<Value, List<Variant>> known = new HashMap<>();

    Variants(Mesh mesh, ProgramBuilder program, Set<Value> gradients, List<String> notes) {
        this.mesh = mesh;
        this.program = program;
        this.emit = new EmitReshard(mesh, program);
        this.gradients = gradients;
        this.notes = notes;
    }

    void add(Value value, NamedSharding sharding, int id) {
        known.computeIfAbsent(value, key -> new ArrayList<>()).add(new Variant(sharding, id));
    }

    /** The value laid out as asked, resharded from the layout from which that is cheapest. */
    int get(Value value, NamedSharding wanted, String user, boolean intended) {
        List<Variant> variants = known.getOrDefault(value, List.of());
        int numDims = value.type().numDims();
        Variant best = null;
        List<ReshardStep> bestSteps = List.of();
        long bestBytes = Long.MAX_VALUE;
        for (Variant variant : variants) {
            if (variant.sharding().equals(wanted)) {
                return variant.id();
            }
            if (!variant.sharding().unreduced().containsAll(wanted.unreduced())) {
                continue;
            }
            List<ReshardStep> steps = PlanReshard.steps(variant.sharding(), wanted, numDims);
            long bytes = wireBytes(variant.id(), steps);
            if (bytes < bestBytes) {
                best = variant;
                bestSteps = steps;
                bestBytes = bytes;
            }
        }
        if (best == null) {
            throw new IllegalStateException(
                    "value cannot be laid out as asked: value=" + value + ", wanted=" + wanted + ", known=" + variants);
        }
        if (!intended) {
            noteGathers(value, bestSteps, user);
        }
        int id = emit(value, best.id(), bestSteps);
        add(value, wanted, id);
        return id;
    }

    /** What {@code id}, laid out by {@code from}, becomes when it is laid out by {@code to}. */
    int reshard(Value value, int id, NamedSharding from, NamedSharding to) {
        return emit(value, id, PlanReshard.steps(from, to, value.type().numDims()));
    }

    private int emit(Value value, int id, List<ReshardStep> steps) {
        program.gradient(gradients.contains(value));
        int laidOut = emit.emit(id, steps);
        program.gradient(false);
        return laidOut;
    }

    private void noteGathers(Value value, List<ReshardStep> steps, String user) {
        for (ReshardStep step : steps) {
            if (step instanceof ReshardStep.Gather gather && value.type().bytes() >= LARGE_BYTES) {
                notes.add("gathers " + value.type() + " '" + value.name() + "' over "
                        + String.join(" ", gather.axes()) + " along dim " + gather.dim() + " for " + user + ": bytes="
                        + value.type().bytes() + ". Shard the op's other operands alike, or constrain the tensor, if"
                        + " that is not meant.");
            }
        }
    }

    /** Bytes each rank sends, counting a moved or scattered byte once. */
    private long wireBytes(int id, List<ReshardStep> steps) {
        long bytes = program.typeOf(id).bytes();
        long total = 0;
        for (ReshardStep step : steps) {
            int ranks = mesh.numShards(step.axes());
            if (step instanceof ReshardStep.Reduce) {
                total += 2 * bytes * (ranks - 1) / ranks;
            } else if (step instanceof ReshardStep.Gather) {
                total += bytes * (ranks - 1);
                bytes *= ranks;
            } else if (step instanceof ReshardStep.Keep) {
                bytes /= ranks;
            } else {
                total += bytes * (ranks - 1) / ranks;
                bytes = step instanceof ReshardStep.Scatter ? bytes / ranks : bytes;
            }
        }
        return total;
    }
}
