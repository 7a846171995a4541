package dev.tartan.train.planner;

import dev.tartan.graph.Op;
import dev.tartan.graph.Phase;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.network.Network;
import dev.tartan.op.Cast;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Reshape;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Slice;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.MemoryCopy;
import dev.tartan.partition.Program;
import dev.tartan.plan.LiveBytes;
import dev.tartan.plan.cost.NetworkFlops;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What one device computes, sends and keeps in a step of one micro-batch, taken from a compiled program whose number of
 * samples is a prime that divides no other size.
 */
final class ProgramMeasure {
    private final TrainingPlan plan;
    private final Program program;
    private final int samples;
    private final Map<Quantity, PerSample> totals = new HashMap<>();
    private final Map<ProgramPart, List<LivePoint>> live = new LinkedHashMap<>();
    private double largestUnitBytes;

    /** What is counted. */
    enum Quantity {
        FORWARD_FLOPS,
        BACKWARD_FLOPS,
        /** Read and written by ops that are not matrix products. */
        MEMORY_BYTES,
        /** The same, of the loss. */
        LOSS_BYTES,
        MODEL_MESSAGES,
        MODEL_WIRE_BYTES,
        PARAMETER_BYTES,
        /** Of optimizer state that is kept on the device. */
        STATE_BYTES,
        OPTIMIZER_TRAFFIC_BYTES,
        /** Copied between the device and the host. */
        OFFLOADED_BYTES,
        SCRATCH_BYTES
    }

    /**
     * Measures a plan.
     *
     * @param samples of its only micro-batch on each rank
     */
    ProgramMeasure(TrainingPlan plan, int samples) {
        this.plan = plan;
        this.program = plan.step().program();
        this.samples = samples;
        measureStates();
        program.instructions().forEach(this::add);
        measureLive();
        add(
                Quantity.SCRATCH_BYTES,
                new PerSample(0, (double) plan.step().memory().scratch().bytes() / samples));
    }

    PerSample total(Quantity quantity) {
        return totals.getOrDefault(quantity, PerSample.ZERO);
    }

    /** What is alive at each instruction, by the part of the program that it belongs to. */
    Map<ProgramPart, List<LivePoint>> live() {
        return live;
    }

    /** Bytes of the parameters that are used together: those of the largest block, or an embedding. */
    double largestUnitBytes() {
        return largestUnitBytes;
    }

    /** Whether the prime number of samples tells samples from all else: no state may be divisible by it. */
    boolean isClear() {
        return plan.states().stream().allMatch(state -> bytes(state) % samples != 0);
    }

    private void measureStates() {
        Map<Object, Double> units = new LinkedHashMap<>();
        for (PlannedState state : plan.states()) {
            double bytes = bytes(state);
            if (!isOnHost(state)) {
                add(state.isParameter() ? Quantity.PARAMETER_BYTES : Quantity.STATE_BYTES, new PerSample(bytes, 0));
            }
            if (state.isParameter()) {
                units.merge(unit(state), bytes, Double::sum);
            }
        }
        largestUnitBytes =
                units.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }

    private boolean isOnHost(PlannedState state) {
        int input = program.input(state.name()).value();
        return program.values().get(input).memory() == MemoryKind.HOST;
    }

    private static Object unit(PlannedState parameter) {
        return parameter.block() == null ? parameter.name() : parameter.block();
    }

    private long bytes(PlannedState state) {
        return program.typeOf(program.input(state.name()).value()).bytes();
    }

    private void add(Quantity quantity, PerSample amount) {
        totals.merge(quantity, amount, PerSample::plus);
    }

    private void add(Instruction instruction) {
        Op op = instruction.op();
        if (op instanceof Collective collective) {
            if (collective.axes().contains("model")) {
                add(Quantity.MODEL_MESSAGES, new PerSample(1, 0));
                TensorType operand = program.typeOf(instruction.operands().get(0));
                double wire = collective.bytesOnWire(operand);
                boolean ofSamples = operand.bytes() % samples == 0;
                add(Quantity.MODEL_WIRE_BYTES, ofSamples ? new PerSample(0, wire / samples) : new PerSample(wire, 0));
            }
        } else if (op instanceof MemoryCopy) {
            add(
                    Quantity.OFFLOADED_BYTES,
                    new PerSample(bytes(instruction.operands().get(0)), 0));
        } else if (instruction.origin().phase() == Phase.UPDATE) {
            add(Quantity.OPTIMIZER_TRAFFIC_BYTES, traffic(instruction));
        } else if (NetworkFlops.isProduct(op)) {
            long flops = op.flops(program.typesOf(instruction.operands()));
            boolean forward = instruction.origin().phase() == Phase.FORWARD;
            add(forward ? Quantity.FORWARD_FLOPS : Quantity.BACKWARD_FLOPS, PerSample.of(flops, samples));
        } else if (!(op instanceof Reshape)) {
            add(
                    Network.isLoss(instruction.origin()) ? Quantity.LOSS_BYTES : Quantity.MEMORY_BYTES,
                    traffic(instruction));
        }
    }

    private PerSample traffic(Instruction instruction) {
        PerSample sum = PerSample.ZERO;
        for (int result : instruction.results()) {
            sum = sum.plus(PerSample.of(program.typeOf(result).bytes(), samples));
        }
        // These read no more than they write, or the other way round.
        boolean touchesRows = instruction.op() instanceof Slice || instruction.op() instanceof GatherRows;
        if (touchesRows) {
            return sum.plus(sum);
        }
        PerSample read = PerSample.ZERO;
        for (int operand : instruction.operands()) {
            read = read.plus(PerSample.of(program.typeOf(operand).bytes(), samples));
        }
        return instruction.op() instanceof ScatterAddRows ? read.plus(read).plus(sum) : sum.plus(read);
    }

    private void measureLive() {
        Map<String, String> replaced = new LinkedHashMap<>();
        plan.states().forEach(state -> replaced.put(TrainStepGraph.newLabel(state.name()), state.name()));
        ProgramPart.Finder parts = new ProgramPart.Finder(program);
        LiveBytes alive = new LiveBytes(program, replaced);
        long[] all = alive.sums(this::bytes);
        long[] perSample = alive.sums(value -> bytes(value) % samples == 0 ? bytes(value) : 0);
        long[] gradient = alive.sums(value -> program.values().get(value).gradient() ? bytes(value) : 0);
        Set<Integer> copies = copiesOfParameters();
        long[] copied = alive.sums(value -> copies.contains(value) ? bytes(value) : 0);
        for (int i = 0; i < all.length; i++) {
            PerSample bytes = new PerSample(all[i] - perSample[i], (double) perSample[i] / samples);
            LivePoint point = new LivePoint(bytes, gradient[i], copied[i]);
            parts.of(program.instructions().get(i).origin())
                    .forEach(part ->
                            live.computeIfAbsent(part, key -> new ArrayList<>()).add(point));
        }
    }

    private Set<Integer> copiesOfParameters() {
        Set<Integer> parameters = plan.parameters().stream()
                .map(state -> program.input(state.name()).value())
                .collect(Collectors.toSet());
        return program.instructions().stream()
                .filter(instruction -> instruction.op() instanceof Cast)
                .filter(instruction ->
                        parameters.contains(instruction.operands().get(0)))
                .map(instruction -> instruction.results().get(0))
                .collect(Collectors.toSet());
    }

    private long bytes(int value) {
        return program.typeOf(value).bytes();
    }
}
