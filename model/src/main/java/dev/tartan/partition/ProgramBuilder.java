package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects the values and instructions of a program. Not thread-safe. */
final class ProgramBuilder {
    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private String scope = "";
    private boolean gradient;

    /** Following instructions stem from {@code name}. */
    void scope(String name) {
        scope = name;
    }

    /** Whether following instructions lay out a parameter's gradient anew. */
    void gradient(boolean is) {
        gradient = is;
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
            results.add(value(types.get(i), scope, unreduced.get(i)));
        }
        instructions.add(new Instruction(op, operands, results, scope, gradient && op instanceof Collective));
        return results;
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
