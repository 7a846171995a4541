package dev.tartan.partition;

import java.util.List;
import java.util.function.Predicate;

/** The collectives of a program, to be counted. */
record Communication(List<Entry> entries) {
    /**
     * One collective.
     *
     * @param op its name
     * @param axes joined by dots
     * @param scope the module it stems from
     * @param elements of the local operand
     * @param carriesGradient as the program says
     */
    record Entry(String op, String axes, String scope, long elements, long bytesOnWire, boolean carriesGradient) {}

    static Communication of(Program program) {
        return new Communication(program.instructions().stream()
                .filter(instruction -> instruction.op() instanceof Collective)
                .map(instruction -> {
                    Collective op = (Collective) instruction.op();
                    var operand = program.typeOf(instruction.operands().get(0));
                    return new Entry(
                            op.name(),
                            String.join(".", op.axes()),
                            instruction.origin().toString(),
                            operand.shape().numElements(),
                            op.bytesOnWire(operand),
                            instruction.carriesGradient());
                })
                .toList());
    }

    Communication where(Predicate<Entry> predicate) {
        return new Communication(entries.stream().filter(predicate).toList());
    }

    Communication over(String axes) {
        return where(entry -> entry.axes().equals(axes));
    }

    /** Those in a module, or in its gradients if {@code scope} begins with a tilde. */
    Communication inside(String scope) {
        return where(entry -> entry.scope().equals(scope) || entry.scope().startsWith(scope + "."));
    }

    Communication larger(long elements) {
        return where(entry -> entry.elements() > elements);
    }

    List<String> ops() {
        return entries.stream().map(Entry::op).toList();
    }

    long bytes() {
        return entries.stream().mapToLong(Entry::bytesOnWire).sum();
    }

    int count() {
        return entries.size();
    }
}
