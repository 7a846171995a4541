package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The layouts in which each value of the graph is at hand; a reshard is made once and then found here. */
final class Variants {
    /** A layout and the program value that has it. */
    record Variant(NamedSharding sharding, int id) {}

    /** Bytes below which a gather is not worth a note. */
    private static final long LARGE_BYTES = 1 << 20;

    /** What a link carries in the time it takes to begin a collective, some 20 us at 3 GB/s. */
    private static final long COLLECTIVE_BYTES = 64 << 10;

    private record Way(Variant from, @Nullable ReshardPlan plan) {}

    private record Request(NamedSharding from, NamedSharding to, TensorType type) {}

    private final ProgramBuilder program;
    private final EmitReshard emit;
    private final TrainedValues trained;
    private final List<String> notes;
    private final Map<Value, List<Variant>> known = new HashMap<>();
    private final Map<Request, ReshardPlan> plans = new HashMap<>();

    Variants(Mesh mesh, ProgramBuilder program, TrainedValues trained, List<String> notes) {
        this.program = program;
        this.emit = new EmitReshard(mesh, program);
        this.trained = trained;
        this.notes = notes;
    }

    void add(Value value, NamedSharding sharding, int id) {
        known.computeIfAbsent(value, key -> new ArrayList<>()).add(new Variant(sharding, id));
        if (trained.gradients().contains(value)) {
            program.markGradient(id);
        }
    }

    /** Makes {@code value} another name of {@code other}, in all layouts in which that is at hand or comes to be. */
    void alias(Value value, Value other) {
        List<Variant> shared = known.computeIfAbsent(other, key -> new ArrayList<>());
        known.put(value, shared);
        if (trained.gradients().contains(value)) {
            shared.forEach(variant -> program.markGradient(variant.id()));
        }
    }

    /** The value laid out as asked, resharded from the layout from which that is cheapest. */
    int get(Value value, NamedSharding wanted, String user, boolean intended) {
        Way way = cheapest(value, wanted);
        if (way.plan() == null) {
            return way.from().id();
        }
        if (!intended) {
            noteGathers(value, way.plan().moves(), user);
        }
        int id = emit(value, way.from().id(), way.plan().moves());
        add(value, wanted, id);
        return id;
    }

    /** The bytes that each rank sends when {@link #get} is called for the layout. */
    long sentBytes(Value value, NamedSharding wanted) {
        ReshardPlan plan = cheapest(value, wanted).plan();
        return plan == null ? 0 : plan.sentBytes();
    }

    /** No plan if the layout is at hand. */
    private Way cheapest(Value value, NamedSharding wanted) {
        List<Variant> variants = known.getOrDefault(value, List.of());
        Variant best = null;
        ReshardPlan bestPlan = null;
        for (Variant variant : variants) {
            if (variant.sharding().equals(wanted)) {
                return new Way(variant, null);
            }
            if (!variant.sharding().unreduced().containsAll(wanted.unreduced())) {
                continue;
            }
            ReshardPlan plan = plan(variant.sharding(), wanted, value.type());
            if (bestPlan == null || plan.sentBytes() < bestPlan.sentBytes()) {
                best = variant;
                bestPlan = plan;
            }
        }
        if (best == null || bestPlan == null) {
            throw new IllegalStateException(
                    "value cannot be laid out as asked: value=" + value + ", wanted=" + wanted + ", known=" + variants);
        }
        return new Way(best, bestPlan);
    }

    /** What {@code id}, laid out by {@code from}, becomes when it is laid out by {@code to}. */
    int reshard(Value value, int id, NamedSharding from, NamedSharding to) {
        return emit(value, id, plan(from, to, value.type()).moves());
    }

    /** The plan that sends least, unless more collectives than the direct way has would take longer than they save. */
    private ReshardPlan plan(NamedSharding from, NamedSharding to, TensorType type) {
        return plans.computeIfAbsent(new Request(from, to, type), request -> {
            ReshardPlan least = Reshard.plan(from, to, type);
            ReshardPlan direct = Reshard.direct(least);
            long savedBytes = direct.sentBytes() - least.sentBytes();
            int added = least.numCollectives() - direct.numCollectives();
            return added > 0 && savedBytes < added * COLLECTIVE_BYTES ? direct : least;
        });
    }

    private int emit(Value value, int id, List<ReshardStep> steps) {
        return program.carrying(role(value), () -> emit.emit(id, steps));
    }

    /** What collectives carry that lay out {@code value} anew. */
    CollectiveRole role(Value value) {
        if (trained.gradients().contains(value)) {
            return CollectiveRole.GRADIENT;
        }
        if (trained.parameters().contains(value)) {
            return CollectiveRole.PARAMETER;
        }
        return trained.updates().contains(value) ? CollectiveRole.UPDATE : CollectiveRole.ACTIVATION;
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
}
