package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Collects the values and instructions of a program. Not thread-safe. */
final class ProgramBuilder {
    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private Origin origin = Origin.NETWORK;
    private CollectiveRole carried = CollectiveRole.ACTIVATION;

    /** Following instructions stem from this. */
    void origin(Origin of) {
        origin = of;
    }

    Origin origin() {
        return origin;
    }

    /** Emits what {@code body} does, whose collectives carry this. */
    <T> T carrying(CollectiveRole role, Supplier<T> body) {
        CollectiveRole before = carried;
        carried = role;
        try {
            return body.get();
        } finally {
            carried = before;
        }
    }

    /** Says that a value is the gradient of a parameter, or a part of it. */
    void markGradient(int id) {
        values.set(id, values.get(id).asGradient(true));
    }

    int value(TensorType type, String name, List<String> unreduced) {
        values.add(new ProgramValue(values.size(), type, name, unreduced));
        return values.size() - 1;
    }

    TensorType typeOf(int id) {
        return values.get(id).type();
    }

    /** Emits an op that passes pending sums on, except for those that it is there to add up. */
    List<Integer> emit(Op op, List<Integer> operands) {
        Set<String> pending = new LinkedHashSet<>();
        operands.forEach(id -> pending.addAll(values.get(id).unreduced()));
        if (op instanceof AllReduce || op instanceof ReduceScatter) {
            pending.removeAll(((Collective) op).axes());
        }
        int numResults =
                op.resultTypes(operands.stream().map(this::typeOf).toList()).size();
        return emit(op, operands, Collections.nCopies(numResults, List.copyOf(pending)));
    }

    List<Integer> emit(Op op, List<Integer> operands, List<List<String>> unreduced) {
        List<Integer> results = new ArrayList<>();
        List<TensorType> types =
                op.resultTypes(operands.stream().map(this::typeOf).toList());
        for (int i = 0; i < types.size(); i++) {
            results.add(value(types.get(i), origin.toString(), unreduced.get(i)));
        }
        if (carried == CollectiveRole.GRADIENT) {
            results.forEach(this::markGradient);
        }
        instructions.add(
                op instanceof Collective collective
                        ? new Instruction(collective, operands, results, origin, role(operands))
                        : new Instruction(op, operands, results, origin));
        return results;
    }

    private CollectiveRole role(List<Integer> operands) {
        boolean isScalar = typeOf(operands.get(0)).numDims() == 0;
        return carried == CollectiveRole.ACTIVATION && isScalar ? CollectiveRole.SCALAR : carried;
    }

    int emitOne(Op op, Integer... operands) {
        return emit(op, List.of(operands)).get(0);
    }

    List<ProgramValue> values() {
        return values;
    }

    List<Instruction> instructions() {
        return instructions;
    }
}
