package dev.tartan.plan;

import dev.tartan.graph.Op;
import dev.tartan.op.Reshape;
import dev.tartan.partition.Await;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Walks through a program knowing of every byte of the arena which value it holds, and which call under way has it.
 * Each value must be where the plan says when it is read, and nobody may touch what a call has to itself.
 */
final class MemoryOracle {
    private static final int NOTHING = -1;

    private final Program program;
    private final MemoryPlan plan;
    private final int[] holds;
    /** The result of the call that reads a byte. */
    private final Map<Integer, Set<BufferSlot>> read = new LinkedHashMap<>();
    /** The result of the call that writes a byte. */
    private final Map<Integer, Set<BufferSlot>> written = new LinkedHashMap<>();

    private final Map<Integer, Instruction> underWay = new LinkedHashMap<>();
    private final int[] reshapedFrom;

    private MemoryOracle(Program program, MemoryPlan plan) {
        this.program = program;
        this.plan = plan;
        this.holds = new int[Math.toIntExact(plan.arenaBytes())];
        this.reshapedFrom = new int[program.values().size()];
        Arrays.fill(holds, NOTHING);
        Arrays.setAll(reshapedFrom, value -> value);
    }

    static void check(Program program, MemoryPlan plan, Map<String, String> replacedStates, Set<String> keptInputs) {
        MemoryOracle oracle = new MemoryOracle(program, plan);
        program.inputs().forEach(input -> oracle.put(input.value(), "input " + input.name()));
        for (int i = 0; i < program.instructions().size(); i++) {
            oracle.step(i);
        }
        if (!oracle.underWay.isEmpty()) {
            throw new AssertionError("calls are never awaited: " + oracle.underWay.keySet());
        }
        program.outputs().forEach(output -> oracle.get(output.value(), "output " + output.name()));
        for (MemoryPlan.Copy copy : plan.copies()) {
            oracle.get(copy.from(), "copy");
        }
        // A copy changes the states only, and no state but its own.
        for (MemoryPlan.Copy copy : plan.copies()) {
            oracle.get(copy.from(), "copy");
            oracle.fill(plan.slots().get(copy.to()), oracle.root(copy.from()), "copy");
        }
        replacedStates.forEach((output, input) -> oracle.checkHolds(
                plan.slots().get(program.input(input).value()),
                oracle.root(program.output(output).value()),
                "state " + input));
        for (ProgramPort output : program.outputs()) {
            if (!replacedStates.containsKey(output.name())) {
                oracle.get(output.value(), "output " + output.name() + " after the copies");
            }
        }
        keptInputs.forEach(input -> oracle.get(program.input(input).value(), "kept input " + input));
    }

    private int root(int value) {
        return reshapedFrom[value];
    }

    private void step(int index) {
        Instruction instruction = program.instructions().get(index);
        String what = index + " " + instruction.op();
        if (instruction.op() instanceof Await) {
            for (int result : instruction.operands()) {
                read.remove(result);
                written.remove(result);
                underWay.remove(result);
                put(result, what);
            }
            return;
        }
        if (instruction.op() instanceof Reshape) {
            int operand = instruction.operands().get(0);
            int result = instruction.results().get(0);
            reshapedFrom[result] = root(operand);
            if (plan.slots().get(operand).offsetBytes()
                    != plan.slots().get(result).offsetBytes()) {
                throw new AssertionError(what + " is not one buffer");
            }
            if (!underWay.containsKey(root(operand))) {
                get(operand, what);
            }
            return;
        }
        instruction.operands().forEach(operand -> get(operand, what));
        for (int k = 0; k < instruction.results().size(); k++) {
            checkOverlap(instruction, k, what);
        }
        if (instruction.started()) {
            int result = instruction.results().get(0);
            Set<BufferSlot> writes = Set.of(plan.slots().get(result));
            writes.forEach(slot -> fill(slot, NOTHING, what));
            underWay.put(result, instruction);
            read.put(result, Set.of(plan.slots().get(instruction.operands().get(0))));
            written.put(result, writes);
            return;
        }
        instruction.results().forEach(result -> put(result, what));
    }

    private void checkOverlap(Instruction instruction, int k, String what) {
        BufferSlot to = plan.slots().get(instruction.results().get(k));
        Op op = instruction.op();
        for (int i = 0; i < instruction.operands().size(); i++) {
            BufferSlot from = plan.slots().get(instruction.operands().get(i));
            boolean inPlace = from.equals(to) && op.inPlaceOperands(k).contains(i);
            if (meet(from, to) && !inPlace) {
                throw new AssertionError(what + " writes over its operand " + i);
            }
        }
    }

    private static boolean meet(BufferSlot a, BufferSlot b) {
        return a.offsetBytes() < b.endBytes() && b.offsetBytes() < a.endBytes();
    }

    private void get(int value, String what) {
        BufferSlot slot = plan.slots().get(value);
        written.forEach((call, slots) -> slots.forEach(other -> {
            if (meet(slot, other)) {
                throw new AssertionError(what + " reads %" + value + " where the call of %" + call + " writes");
            }
        }));
        checkHolds(slot, root(value), what + " reads %" + value);
    }

    private void checkHolds(BufferSlot slot, int root, String what) {
        for (long at = slot.offsetBytes(); at < slot.endBytes(); at++) {
            if (holds[(int) at] != root) {
                throw new AssertionError(what + ": byte " + at + " holds %" + holds[(int) at] + ", not %" + root);
            }
        }
    }

    private void put(int value, String what) {
        fill(plan.slots().get(value), root(value), what);
    }

    private void fill(BufferSlot slot, int root, String what) {
        read.forEach((call, slots) -> slots.forEach(other -> {
            if (meet(slot, other)) {
                throw new AssertionError(what + " writes where the call of %" + call + " reads");
            }
        }));
        written.forEach((call, slots) -> slots.forEach(other -> {
            if (meet(slot, other)) {
                throw new AssertionError(what + " writes where the call of %" + call + " writes");
            }
        }));
        Arrays.fill(holds, (int) slot.offsetBytes(), (int) slot.endBytes(), root);
    }
}
