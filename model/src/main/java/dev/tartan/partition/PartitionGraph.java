package dev.tartan.partition;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Node;
import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.AddN;
import dev.tartan.op.Constrain;
import dev.tartan.op.Fetch;
import dev.tartan.op.Relayout;
import dev.tartan.op.Reshape;
import dev.tartan.op.Roll;
import dev.tartan.op.StopGradient;
import dev.tartan.sharding.DecomposeSplitOps;
import dev.tartan.sharding.FittedSpec;
import dev.tartan.sharding.OpSharding;
import dev.tartan.sharding.ShardingConflict;
import dev.tartan.sharding.Shardings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Rewrites a graph of global tensors into the program of one rank. Every op gets the layout its factors ask for;
 * operands that are laid out otherwise are resharded, and an op whose reduction factor is split leaves a pending sum
 * that is reduced where it is needed. Example on {@code mesh(model=2)}: {@code h [8, 16] = [-, model]}, {@code w [16,
 * 4] = [model, -]} in {@code bk,kn->bn} becomes {@code %2:f32[8, 4] = einsum (%0, %1)} on shards [8, 8] and [8, 4], and
 * {@code %3 = all_reduce over model (%2)}.
 */
public final class PartitionGraph {
    private final Shardings shardings;
    private final Mesh mesh;
    private final ProgramBuilder program = new ProgramBuilder();
    private final List<String> notes = new ArrayList<>();
    private final Variants variants;
    private final Map<Node, OpSharding> opShardings = new LinkedHashMap<>();
    private final Map<Value, List<String>> pending;
    private final Set<Node> notedReshapes = new HashSet<>();

    private PartitionGraph(Shardings shardings, TrainedValues trained) {
        this.shardings = shardings;
        this.mesh = shardings.mesh();
        this.variants = new Variants(mesh, program, trained, notes);
        for (Node node : shardings.graph().nodes()) {
            opShardings.put(node, OpSharding.choose(shardings, node));
        }
        this.pending = DeferReductions.run(shardings.graph(), opShardings);
    }

    /**
     * Compiles a graph for a mesh: propagates layouts, decomposes fused ops whose inner dim is split, partitions.
     *
     * @param given layouts of inputs, by value; others are replicated
     * @param outputs layouts of outputs, by label; others come out whole
     * @throws IllegalArgumentException if a given layout does not fit its tensor or the mesh
     */
    public static Program run(
            Mesh mesh,
            dev.tartan.graph.Graph graph,
            Map<Value, PartitionSpec> given,
            Map<String, PartitionSpec> outputs) {
        return run(mesh, graph, given, outputs, TrainedValues.NONE);
    }

    /**
     * As {@link #run(Mesh, dev.tartan.graph.Graph, Map, Map)}.
     *
     * @param trained the values that decide what {@link CollectiveRole collectives carry}
     */
    public static Program run(
            Mesh mesh,
            dev.tartan.graph.Graph graph,
            Map<Value, PartitionSpec> given,
            Map<String, PartitionSpec> outputs,
            TrainedValues trained) {
        DecomposeSplitOps.Result laidOut = DecomposeSplitOps.run(mesh, graph, given);
        TrainedValues rewritten = new TrainedValues(
                rewritten(trained.parameters(), laidOut),
                rewritten(trained.gradients(), laidOut),
                rewritten(trained.updates(), laidOut));
        Program program = new PartitionGraph(laidOut.shardings(), rewritten).partition(outputs);
        ProgramVerifier.verify(program);
        return program;
    }

    private static Set<Value> rewritten(Set<Value> values, DecomposeSplitOps.Result laidOut) {
        return values.stream()
                .map(laidOut.values()::get)
                .filter(Objects::nonNull)
                .collect(Collectors.toUnmodifiableSet());
    }

    private Program partition(Map<String, PartitionSpec> outputSpecs) {
        List<ProgramPort> inputs = new ArrayList<>();
        for (Value input : shardings.graph().inputs()) {
            NamedSharding sharding = NamedSharding.of(mesh, shardings.of(input));
            int id = program.value(local(input.type(), sharding), input.name(), List.of());
            variants.add(input, sharding, id);
            inputs.add(new ProgramPort(input.name(), id, input.type(), sharding.spec()));
        }
        for (Node node : shardings.graph().nodes()) {
            program.origin(node.origin());
            if (node.op() instanceof Constrain) {
                constrain(node);
            } else if (node.op() instanceof StopGradient) {
                variants.alias(node.result(), node.operands().get(0));
            } else if (node.op() instanceof Relayout relayout) {
                relayout(node, relayout);
            } else if (node.op() instanceof Roll roll) {
                roll(node, roll);
            } else if (node.op() instanceof AddN) {
                addGrouped(node);
            } else {
                apply(node);
            }
        }
        List<ProgramPort> outputs = new ArrayList<>();
        Map<String, Value> outputValues = shardings.graph().outputs();
        outputSpecs.keySet().forEach(label -> {
            if (!outputValues.containsKey(label)) {
                throw new IllegalArgumentException("layout is given for an output that the graph lacks: output=" + label
                        + ", outputs=" + outputValues.keySet() + ". Use one of its labels.");
            }
        });
        outputValues.forEach((label, value) -> {
            PartitionSpec asked = outputSpecs.getOrDefault(
                    label, PartitionSpec.replicated(value.type().numDims()));
            NamedSharding sharding = NamedSharding.of(mesh, FittedSpec.of(mesh, label, value.type(), asked));
            Node producer = value.producer();
            program.origin(producer == null ? Origin.NETWORK : producer.origin());
            int id = variants.get(value, sharding, "output '" + label + "'", true);
            outputs.add(new ProgramPort(label, id, value.type(), sharding.spec()));
        });
        shardings.conflicts().stream()
                .filter(conflict -> !notedReshapes.contains(conflict.node()))
                .map(ShardingConflict::toString)
                .forEach(notes::add);
        return new Program(
                shardings.graph().name(), mesh, program.values(), program.instructions(), inputs, outputs, notes);
    }

    private void constrain(Node node) {
        NamedSharding wanted = NamedSharding.of(mesh, shardings.of(node.result()));
        variants.add(node.result(), wanted, variants.get(node.operands().get(0), wanted, describe(node), true));
    }

    /** Steps of its own, even if the operand is at hand in that layout from another use. */
    private void relayout(Node node, Relayout op) {
        Value operand = node.operands().get(0);
        Value result = node.result();
        EmitRelayout emit = new EmitRelayout(mesh, program, op.layout());
        NamedSharding from = op instanceof Fetch
                ? NamedSharding.of(mesh, shardings.of(operand))
                : new NamedSharding(mesh, emit.usedSpec(), axes(operand));
        int id = variants.get(operand, from, describe(node), true);
        int laidOut = program.carrying(
                role(node), () -> op instanceof Fetch ? emit.fetch(id) : emit.deposit(id, from.unreduced()));
        variants.add(result, NamedSharding.of(mesh, shardings.of(result)), laidOut);
    }

    private void roll(Node node, Roll op) {
        NamedSharding sharding =
                NamedSharding.of(mesh, sharding(node).operands().get(0));
        int id = variants.get(node.operands().get(0), sharding, describe(node), false);
        variants.add(node.result(), sharding, new EmitRoll(mesh, program).emit(id, op, sharding.spec()));
    }

    private CollectiveRole role(Node relayout) {
        CollectiveRole role = variants.role(relayout.operands().get(0));
        return role == CollectiveRole.ACTIVATION ? variants.role(relayout.result()) : role;
    }

    private void apply(Node node) {
        OpSharding sharding = sharding(node);
        List<Integer> operands = new ArrayList<>();
        for (int i = 0; i < node.operands().size(); i++) {
            Value operand = node.operands().get(i);
            NamedSharding wanted = new NamedSharding(mesh, sharding.operands().get(i), axes(operand));
            boolean noted = node.op() instanceof Reshape && noteReshard(node, wanted);
            operands.add(variants.get(operand, wanted, describe(node), noted));
        }
        List<List<String>> comingOut = new ArrayList<>();
        for (int i = 0; i < node.results().size(); i++) {
            comingOut.add(comingOut(node, sharding, i));
        }
        List<Integer> results = program.emit(localize(node, sharding), operands, comingOut);
        for (int i = 0; i < results.size(); i++) {
            List<String> unreduced = comingOut.get(i);
            int id = results.get(i);
            if (sharding.rule().reduction() != Reduction.SUM && !unreduced.isEmpty()) {
                id = program.emitOne(
                        new AllReduce(
                                unreduced,
                                mesh.numShards(unreduced),
                                sharding.rule().reduction()),
                        id);
                unreduced = List.of();
            }
            variants.add(
                    node.results().get(i),
                    new NamedSharding(mesh, sharding.results().get(i), unreduced),
                    id);
        }
    }

    /** Says what a reshape sends that cannot carry the layout of its operand; whether there is anything to say. */
    private boolean noteReshard(Node node, NamedSharding wanted) {
        Value operand = node.operands().get(0);
        PartitionSpec before = shardings.of(operand);
        if (before.equals(wanted.spec())) {
            return false;
        }
        long sentBytes = variants.sentBytes(operand, wanted);
        if (sentBytes == 0) {
            return false;
        }
        notedReshapes.add(node);
        notes.add(describe(node) + " cannot carry the layout of its operand, which is resharded: from="
                + operand.type() + " " + before + ", to=" + operand.type() + " " + wanted.spec() + ", result="
                + node.result().type() + " " + sharding(node).results().get(0) + ", sentBytesPerRank=" + sentBytes
                + ". Split the major part of a merged dim, or a part that the axis divides, to send nothing.");
        return true;
    }

    private List<String> comingOut(Node node, OpSharding sharding, int result) {
        List<String> all = new ArrayList<>(sharding.unreduced().get(result));
        for (Value operand : node.operands()) {
            axes(operand).stream().filter(axis -> !all.contains(axis)).forEach(all::add);
        }
        return mesh.axisNames().stream().filter(all::contains).toList();
    }

    private Op localize(Node node, OpSharding sharding) {
        List<TensorType> operandTypes = new ArrayList<>();
        List<List<ShardOffset>> operandOffsets = new ArrayList<>();
        for (int i = 0; i < node.operands().size(); i++) {
            TensorType type = node.operands().get(i).type();
            PartitionSpec spec = sharding.operands().get(i);
            operandTypes.add(local(type, NamedSharding.of(mesh, spec)));
            operandOffsets.add(offsets(type, spec));
        }
        List<TensorType> resultTypes = new ArrayList<>();
        List<List<ShardOffset>> resultOffsets = new ArrayList<>();
        for (int i = 0; i < node.results().size(); i++) {
            TensorType type = node.results().get(i).type();
            PartitionSpec spec = sharding.results().get(i);
            resultTypes.add(local(type, NamedSharding.of(mesh, spec)));
            resultOffsets.add(offsets(type, spec));
        }
        Op op = node.op().localize(new LocalShards(operandTypes, resultTypes, operandOffsets, resultOffsets));
        if (!op.resultTypes(operandTypes).equals(resultTypes)) {
            throw new IllegalStateException("local op makes other types than its sharding says: node=" + node
                    + ", op=" + op + ", operands=" + operandTypes + ", expected=" + resultTypes + ", actual="
                    + op.resultTypes(operandTypes) + ", rule=" + sharding.rule());
        }
        return op;
    }

    /**
     * Adds operands that are unreduced alike first, reduces each group once, and adds the groups. A group that is
     * unreduced over an axis by which the sum is split is scattered. A group of one operand is that, which others may
     * read reduced too.
     */
    private void addGrouped(Node node) {
        PartitionSpec spec = sharding(node).operands().get(0);
        Map<NamedSharding, List<Value>> groups = new LinkedHashMap<>();
        for (Value operand : node.operands()) {
            NamedSharding wanted = new NamedSharding(mesh, spec.without(axes(operand)), axes(operand));
            groups.computeIfAbsent(wanted, key -> new ArrayList<>()).add(operand);
        }
        if (groups.size() == 1) {
            groups.forEach(
                    (sharding, operands) -> variants.add(node.result(), sharding, sum(node, operands, sharding)));
            return;
        }
        NamedSharding reduced = NamedSharding.of(mesh, spec);
        List<Integer> totals = new ArrayList<>();
        groups.forEach((sharding, operands) -> {
            if (operands.size() == 1) {
                totals.add(variants.get(operands.get(0), reduced, describe(node), false));
                return;
            }
            int sum = program.carrying(variants.role(node.result()), () -> sum(node, operands, sharding));
            totals.add(variants.reshard(node.result(), sum, sharding, reduced));
        });
        variants.add(node.result(), reduced, sum(totals));
    }

    private int sum(Node node, List<Value> operands, NamedSharding sharding) {
        return sum(operands.stream()
                .map(operand -> variants.get(operand, sharding, describe(node), false))
                .toList());
    }

    private int sum(List<Integer> ids) {
        return ids.size() == 1 ? ids.get(0) : program.emit(new AddN(), ids).get(0);
    }

    private List<ShardOffset> offsets(TensorType type, PartitionSpec spec) {
        List<ShardOffset> offsets = new ArrayList<>();
        for (int dim = 0; dim < type.numDims(); dim++) {
            offsets.add(ShardOffset.of(mesh, spec.axesOf(dim), type.shape().dim(dim)));
        }
        return offsets;
    }

    private static TensorType local(TensorType type, NamedSharding sharding) {
        return type.withShape(sharding.localShape(type.shape()));
    }

    private List<String> axes(Value value) {
        return pending.getOrDefault(value, List.of());
    }

    private OpSharding sharding(Node node) {
        OpSharding sharding = opShardings.get(node);
        if (sharding == null) {
            throw new IllegalStateException("op has no sharding: node=" + node);
        }
        return sharding;
    }

    private static String describe(Node node) {
        return node.origin().describe(node.op().name());
    }
}
