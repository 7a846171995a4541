package dev.tartan.op;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Several elementwise ops done one after the other to each element, so that what is between them is not written to
 * memory. It computes what the ops compute, in their order. A compiler pass makes it of the ops of a program, so it has
 * no gradient.
 *
 * <p>Example: {@code mul+add t0 = mul(b, 0.01); add(a, t0)} of a gradient {@code a} and a parameter {@code b}.
 *
 * @param numOperands number of operands, each of the result's type, or broadcast to it
 * @param steps the ops; the result of the last one is the result
 */
public record FusedElementwise(int numOperands, List<Step> steps) implements DecomposableOp {
    /**
     * One of the ops.
     *
     * @param op an op that {@link #canBeStep}
     * @param arguments by index: the operands, and after them the results of the steps before this one
     */
    public record Step(Op op, List<Integer> arguments) {
        /** Copies the list. */
        public Step {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if there is no step, an op is not elementwise, or an argument is no operand and
     *     no earlier step
     */
    public FusedElementwise {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("fused op does nothing: steps=[]. Give the ops that it is to do.");
        }
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            int end = numOperands + i;
            if (!canBeStep(step.op()) || step.arguments().stream().anyMatch(argument -> argument >= end)) {
                throw new IllegalArgumentException("step cannot be fused: step=" + i + ", op=" + step.op()
                        + ", arguments=" + step.arguments() + ", numOperands=" + numOperands
                        + ". Give an elementwise op of operands and of earlier steps.");
            }
        }
    }

    /** Whether an op works element by element, on floats, and so may be a step. */
    public static boolean canBeStep(Op op) {
        return op instanceof Unary
                || op instanceof Binary
                || op instanceof ScalarBinary
                || op instanceof AddN
                || op instanceof Activate
                || op instanceof ActivateGrad;
    }

    /** The names of the steps, for example {@code mul+add}. */
    @Override
    public String name() {
        return String.join("+", steps.stream().map(step -> name(step.op())).toList());
    }

    private static String name(Op op) {
        return op instanceof ScalarBinary scalar ? scalar.kind().label() : op.name();
    }

    /** The steps, with operands {@code a, b, ...} and results {@code t0, t1, ...}. */
    @Override
    public String attributes() {
        List<String> printed = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            printed.add((i < steps.size() - 1 ? "t" + i + " = " : "") + print(steps.get(i)));
        }
        return String.join("; ", printed);
    }

    private String print(Step step) {
        List<String> arguments = new ArrayList<>();
        step.arguments()
                .forEach(index -> arguments.add(
                        index < numOperands ? String.valueOf((char) ('a' + index)) : "t" + (index - numOperands)));
        if (step.op() instanceof ScalarBinary scalar) {
            arguments.add(scalar.reversed() ? 0 : 1, String.valueOf(scalar.scalar()));
        }
        return name(step.op()) + "(" + String.join(", ", arguments) + ")";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        List<TensorType> results = types(operands).subList(numOperands, numOperands + steps.size());
        Types.floating(this, results.get(0));
        Types.sameType(this, results.toArray(new TensorType[0]));
        return List.of(results.get(0));
    }

    /** Of the operands and of the results of all steps. */
    private List<TensorType> types(List<TensorType> operands) {
        Types.count(this, operands, numOperands);
        List<TensorType> types = new ArrayList<>(operands);
        for (Step step : steps) {
            types.addAll(step.op().resultTypes(argumentTypes(step, types)));
        }
        return types;
    }

    private static List<TensorType> argumentTypes(Step step, List<TensorType> types) {
        return step.arguments().stream().map(types::get).toList();
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, resultTypes(operands).get(0).shape(), 1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        List<TensorType> types = types(operands);
        return steps.stream()
                .mapToLong(step -> step.op().flops(argumentTypes(step, types)))
                .sum();
    }

    /** What the last step may be computed over, and what it does not read. */
    @Override
    public List<Integer> inPlaceOperands() {
        Step last = steps.get(steps.size() - 1);
        List<Integer> operands = new ArrayList<>();
        for (int operand = 0; operand < numOperands; operand++) {
            int reads = Collections.frequency(last.arguments(), operand);
            boolean isOver =
                    last.op().inPlaceOperands().contains(last.arguments().indexOf(operand));
            if (reads == 0 || (reads == 1 && isOver)) {
                operands.add(operand);
            }
        }
        return operands;
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        GraphBuilder graph = operands.get(0).graph();
        List<Value> values =
                new ArrayList<>(operands.stream().map(Tensor::value).toList());
        for (Step step : steps) {
            List<Value> arguments = step.arguments().stream().map(values::get).toList();
            values.addAll(graph.apply(step.op(), arguments));
        }
        return List.of(Tensor.of(graph, values.get(values.size() - 1)));
    }
}
