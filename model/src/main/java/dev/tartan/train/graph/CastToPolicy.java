package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Op;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.op.AddN;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Cast;
import dev.tartan.op.Constrain;
import dev.tartan.op.Deposit;
import dev.tartan.op.Fill;
import dev.tartan.op.Pad;
import dev.tartan.op.Reduce;
import dev.tartan.op.Relayout;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Transpose;
import dev.tartan.train.config.PrecisionPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a graph that was traced in one type so that it computes in those of a {@link PrecisionPolicy}: gives each
 * node's values a type, and casts where they differ. Inputs and outputs keep their types. For example with bfloat16 for
 * parameters and products, and with gradients reduced in float32, on a mesh that splits a weight's masters:
 *
 * <pre>
 * traced                                          rewritten
 * %3:f32[8, 4] = fetch (%w)                       %3:bf16[4, 4] = cast bfloat16 (%w)
 *                                                 %4:bf16[8, 4] = fetch (%3)               gathered in bfloat16
 * %4:f32[2, 4] = einsum "bk,kn->bn" (%h, %3)      %5:bf16[2, 4] = einsum "bk,kn->bn" (%h, %4)
 * %9:f32[8, 4] = einsum "bk,bn->kn" (%h, %8)      %10:bf16[8, 4] = einsum "bk,bn->kn" (%h, %9)
 *                                                 %11:f32[8, 4] = cast float32 of partial sums (%10)
 * %10:f32[4, 4] = deposit (%9)                    %12:f32[4, 4] = deposit (%11)            reduced in float32
 * </pre>
 *
 * <p>Parameters, constants and random numbers have the type of what they meet. The rest is said by {@link OpPrecision},
 * and by the types of the ops' results, of which statistics are float32. Sums of several gradients of one parameter are
 * made in float32 until they are reduced. The update computes in the type of the masters.
 */
final class CastToPolicy {
    /**
     * The rewritten graph.
     *
     * @param values each value of the graph before, and what it became
     */
    record Result(Graph graph, Map<Value, Value> values, TrainedValues trained) {
        Value of(Value before) {
            return Objects.requireNonNull(values.get(before), before::toString);
        }
    }

    private record CastKey(Value value, DType dtype, boolean ofPartialSums) {}

    private final Graph graph;
    private final TrainedValues trained;
    private final Set<Value> networkInputs;
    private final Set<Value> seeds;
    private final PrecisionPolicy policy;
    private final GraphBuilder builder;
    private final Map<Value, Value> now = new LinkedHashMap<>();
    /** Values that take the type of what they meet. */
    private final Set<Value> adapting = new HashSet<>();
    /** By gradient, and by what it is laid out to, the value in the type in which it is reduced. */
    private final Map<Value, Value> onTheWire = new HashMap<>();
    /** Gradients of which each rank has its part of the whole sum. */
    private final Set<Value> reduced = new HashSet<>();

    private final Set<Value> finalGradients;
    private final Set<Value> gradientsToBe;
    private final Map<CastKey, Value> casts = new HashMap<>();
    private final Set<Value> parameters = new LinkedHashSet<>();
    private final Set<Value> gradients = new LinkedHashSet<>();

    private CastToPolicy(
            Graph graph, TrainedValues trained, Set<Value> networkInputs, Set<Value> seeds, PrecisionPolicy policy) {
        this.graph = graph;
        this.trained = trained;
        this.networkInputs = networkInputs;
        this.seeds = seeds;
        this.policy = policy;
        this.builder = new GraphBuilder(graph.name());
        this.finalGradients = finalGradients();
        this.gradientsToBe = gradientsToBe();
    }

    /**
     * Rewrites a graph.
     *
     * @param networkInputs the inputs that are parameters as they are kept, frozen ones included
     * @param seeds constants that stay in the type of the masters
     */
    static Result run(
            Graph graph, TrainedValues trained, Set<Value> networkInputs, Set<Value> seeds, PrecisionPolicy policy) {
        return new CastToPolicy(graph, trained, networkInputs, seeds, policy).rewrite();
    }

    /** The gradients that the update takes, or that are outputs. */
    private Set<Value> finalGradients() {
        Set<Value> used = new HashSet<>(graph.outputs().values());
        for (Node node : graph.nodes()) {
            if (isUpdate(node)) {
                used.addAll(node.operands());
            }
        }
        used.retainAll(trained.gradients());
        return used;
    }

    /** The gradients of parameters, and what becomes one when its elements are put where they belong. */
    private Set<Value> gradientsToBe() {
        Map<Value, List<Node>> uses = new HashMap<>();
        graph.nodes()
                .forEach(node -> node.operands()
                        .forEach(operand -> uses.computeIfAbsent(operand, absent -> new ArrayList<>())
                                .add(node)));
        Set<Value> found = new HashSet<>(trained.gradients());
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            for (Value result : graph.nodes().get(i).results()) {
                List<Node> its = uses.getOrDefault(result, List.of());
                boolean isMovedToOne = its.stream()
                        .allMatch(use ->
                                (movesOnly(use.op()) || use.op() instanceof Pad) && found.contains(use.result()));
                if (!its.isEmpty() && isMovedToOne) {
                    found.add(result);
                }
            }
        }
        return found;
    }

    private static boolean isUpdate(Node node) {
        return node.origin().phase() == Phase.UPDATE;
    }

    private Result rewrite() {
        for (Value input : graph.inputs()) {
            Value same = builder.input(input.name(), input.type());
            now.put(input, same);
            if (networkInputs.contains(input)) {
                adapting.add(input);
            }
            if (trained.parameters().contains(input)) {
                parameters.add(same);
            }
        }
        for (Node node : graph.nodes()) {
            builder.inOrigin(node.origin(), () -> {
                apply(node);
                return node;
            });
        }
        Map<String, Value> outputs = new LinkedHashMap<>();
        graph.outputs().forEach((label, value) -> {
            Node producer = value.producer();
            outputs.put(
                    label,
                    producer == null ? current(value) : builder.inOrigin(producer.origin(), () -> asTraced(value)));
        });
        Set<Value> updates = new LinkedHashSet<>();
        graph.outputs().forEach((label, value) -> {
            if (trained.updates().contains(value)) {
                updates.add(Objects.requireNonNull(outputs.get(label), label));
            }
        });
        return new Result(builder.build(outputs), now, new TrainedValues(parameters, gradients, updates));
    }

    private void apply(Node node) {
        if (isUpdate(node)
                && laysOut(node)
                && onTheWire.containsKey(node.operands().get(0))) {
            layOutGradient(node);
        } else if (isUpdate(node)) {
            put(node, node.op(), node.operands().stream().map(this::asTraced).toList());
        } else if (isSumOfGradients(node)) {
            addGradients(node);
        } else if (node.op() instanceof Deposit && trained.gradients().contains(node.result())) {
            onTheWire(node.operands().get(0));
            layOutGradient(node);
        } else {
            compute(node);
        }
        for (Value result : node.results()) {
            if (trained.gradients().contains(result)) {
                gradients.add(current(result));
                if (finalGradients.contains(result)) {
                    // At once, so that it can be sent while the backward pass goes on.
                    onTheWire(result);
                }
            }
        }
    }

    /** Whether an op takes its operand's elements as they are, so that a parameter need not be converted twice. */
    private static boolean movesOnly(Op op) {
        return op instanceof Constrain
                || op instanceof Relayout
                || op instanceof StopGradient
                || op instanceof Reshape
                || op instanceof Transpose
                || op instanceof Slice
                || op instanceof BroadcastTo;
    }

    private static boolean laysOut(Node node) {
        return node.op() instanceof Constrain || node.op() instanceof Relayout;
    }

    private boolean isSumOfGradients(Node node) {
        return node.op() instanceof AddN
                && trained.gradients().contains(node.result())
                && trained.gradients().containsAll(node.operands());
    }

    /** In the type that it has under way, which the layout op does not change. */
    private void layOutGradient(Node node) {
        Value operand = node.operands().get(0);
        put(node, node.op(), List.of(onTheWire.getOrDefault(operand, current(operand))));
        onTheWire.put(node.result(), current(node.result()));
        reduced.add(node.result());
    }

    /** What is reduced already may be converted as a whole; of what is not, each rank converts its part. */
    private void addGradients(Node node) {
        boolean areReduced = reduced.containsAll(node.operands());
        put(
                node,
                node.op(),
                node.operands().stream()
                        .map(operand -> cast(current(operand), policy.master(), !reduced.contains(operand)))
                        .toList());
        if (areReduced) {
            reduced.add(node.result());
        }
    }

    /** Converts each rank's part of a gradient to the type in which the parts are added up. */
    private void onTheWire(Value gradient) {
        if (!reduced.contains(gradient) && !onTheWire.containsKey(gradient)) {
            Value cast = cast(current(gradient), policy.reduce(), true);
            onTheWire.put(gradient, cast);
            gradients.add(cast);
        }
    }

    /** A node of the forward or the backward pass. */
    private void compute(Node node) {
        Op op = node.op();
        List<Value> operands = node.operands();
        boolean adapts = operands.stream().filter(CastToPolicy::isTyped).allMatch(adapting::contains);
        DType type = switch (OpPrecision.of(op)) {
            case COMPUTE -> policy.compute();
            case WIDE -> policy.master();
            case AS_OPERANDS -> adapts && movesOnly(op) ? typeOf(operands.get(0)) : common(node);
        };
        List<Value> typed = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            boolean isStatistic = OpPrecision.statistics(op).contains(i);
            typed.add(read(operands.get(i), isStatistic ? type.accumulated() : type));
        }
        put(node, op, typed);
        if (type.isHalf() && isSumOfActivations(node)) {
            now.put(node.result(), cast(current(node.result()), type, false));
        }
        if (adapts && OpPrecision.of(op) != OpPrecision.COMPUTE && !seeds.containsAll(node.results())) {
            adapting.addAll(node.results());
        }
    }

    /** Whether a sum is the gradient of an activation, as where that was repeated, and so has its type. */
    private boolean isSumOfActivations(Node node) {
        return node.op() instanceof Reduce reduce
                && reduce.kind() == Reduction.SUM
                && node.origin().phase() == Phase.BACKWARD
                && !gradientsToBe.contains(node.result());
    }

    /** Float32 if an operand has it for a reason, and where nothing says what it is to be. */
    private DType common(Node node) {
        DType type = policy.master();
        Set<Integer> statistics = OpPrecision.statistics(node.op());
        boolean found = false;
        for (int i = 0; i < node.operands().size(); i++) {
            Value operand = node.operands().get(i);
            if (!isTyped(operand) || adapting.contains(operand) || statistics.contains(i)) {
                continue;
            }
            DType its = typeOf(operand);
            type = !found || its == policy.master() ? its : type;
            found = true;
        }
        return type;
    }

    private DType typeOf(Value operand) {
        return networkInputs.contains(operand)
                ? policy.parameters()
                : current(operand).type().dtype();
    }

    /** Whether a value is one of the numbers that the policy is about; others, such as indices, stay as they are. */
    private static boolean isTyped(Value value) {
        return value.type().dtype() == DType.FLOAT32;
    }

    /** An operand in the forward or backward pass, as {@code dtype}. */
    private Value read(Value operand, DType dtype) {
        if (!isTyped(operand)) {
            return current(operand);
        }
        Value value = current(operand);
        if (networkInputs.contains(operand)) {
            boolean isTrained = parameters.contains(value);
            value = cast(value, policy.parameters(), false);
            if (isTrained) {
                parameters.add(value);
            }
        }
        Node producer = value.producer();
        if (producer != null && value.type().dtype() != dtype && adapting.contains(operand)) {
            Op constant = constant(producer, dtype);
            if (constant != null) {
                return casts.computeIfAbsent(
                        new CastKey(value, dtype, false),
                        absent -> builder.apply(constant, producer.operands()).get(0));
            }
        }
        return cast(value, dtype, false);
    }

    /** The op that makes the same constant in another type; null if it makes none. */
    private static @Nullable Op constant(Node producer, DType dtype) {
        if (producer.op() instanceof Fill fill) {
            return new Fill(new TensorType(dtype, fill.type().shape()), fill.value());
        }
        boolean isOfNumbersThatStay = producer.op() instanceof Cast
                && !producer.operands().get(0).type().dtype().isFloating();
        return isOfNumbersThatStay ? new Cast(dtype) : null;
    }

    /**
     * An operand of the update, or an output: in the type in which it was traced, reduced first if it is a gradient.
     */
    private Value asTraced(Value value) {
        if (!isTyped(value)) {
            return current(value);
        }
        Value gradient = onTheWire.get(value);
        if (gradient != null) {
            // For each use, so that gradients wait in the type in which they were reduced.
            return gradient.type().dtype() == policy.master()
                    ? gradient
                    : builder.apply(new Cast(policy.master()), List.of(gradient))
                            .get(0);
        }
        return cast(current(value), policy.master(), false);
    }

    private Value cast(Value value, DType dtype, boolean ofPartialSums) {
        if (value.type().dtype() == dtype) {
            return value;
        }
        return casts.computeIfAbsent(
                new CastKey(value, dtype, ofPartialSums),
                absent -> builder.apply(new Cast(dtype, ofPartialSums), List.of(value))
                        .get(0));
    }

    private Value current(Value before) {
        return Objects.requireNonNull(now.get(before), before::toString);
    }

    private void put(Node node, Op op, List<Value> operands) {
        List<Value> results = builder.apply(op, operands);
        for (int i = 0; i < results.size(); i++) {
            now.put(node.results().get(i), results.get(i));
        }
    }
}
