package dev.tartan.plan;

import dev.tartan.op.Reshape;
import dev.tartan.partition.Await;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Finds which values are one buffer: a reshape and its operand; a result and the operand it may be computed over, when
 * nothing uses that operand later; a new state and the state it replaces. Each buffer gets a lifetime in instructions.
 *
 * <p>A started collective reads its operand and writes its result until it is awaited, so both live until then. Its
 * result may still be computed over its operand, if nothing else reads that from the start on.
 */
final class BufferSharing {
    /** Before the first instruction. */
    static final int START = -1;

    private final Program program;
    private final int[] parent;
    /** By instruction, the one by which it has read its operands and written its results: itself, or its await. */
    private final int[] ends;

    private final int[] first;
    private final int[] last;
    private final boolean[] pinned;
    private final List<MemoryPlan.Copy> copies = new ArrayList<>();

    BufferSharing(Program program, Map<String, String> replacedStates, Set<String> keptInputs) {
        this.program = program;
        int count = program.values().size();
        ends = ends(program);
        parent = new int[count];
        first = new int[count];
        last = new int[count];
        pinned = new boolean[count];
        Arrays.setAll(parent, i -> i);
        Arrays.fill(last, START);
        Arrays.fill(first, START);
        measure();
        shareReshapes();
        pinPorts(replacedStates, keptInputs);
        shareInPlace(replacedStates);
    }

    /** The value that stands for the buffer of {@code value}. */
    int buffer(int value) {
        int root = value;
        while (parent[root] != root) {
            root = parent[root];
        }
        return root;
    }

    /** Instruction that first writes the buffer; {@link #START} for inputs. */
    int firstUse(int buffer) {
        return first[buffer];
    }

    /** Last instruction that reads or writes the buffer, or awaits one that does. */
    int lastUse(int buffer) {
        return last[buffer];
    }

    /** The await of a started collective; any other instruction itself. */
    int end(int instruction) {
        return ends[instruction];
    }

    /** Whether an instruction is the last to use its operand's memory, which may so be changed by it. */
    boolean usesUp(int instruction, int operand) {
        int source = buffer(operand);
        return !pinned[source] && last[source] == ends[instruction] && isLastReader(instruction, source);
    }

    List<MemoryPlan.Copy> copies() {
        return copies;
    }

    private int end() {
        return program.instructions().size();
    }

    private void measure() {
        for (int i = 0; i < program.instructions().size(); i++) {
            Instruction instruction = program.instructions().get(i);
            for (int operand : instruction.operands()) {
                last[operand] = Math.max(last[operand], ends[i]);
            }
            for (int result : instruction.results()) {
                first[result] = i;
                last[result] = ends[i];
            }
        }
    }

    /** By instruction, the one by which it has read its operands and written its results: itself, or its await. */
    static int[] ends(Program program) {
        int[] ends = new int[program.instructions().size()];
        Map<Integer, Integer> starts = new HashMap<>();
        for (int i = 0; i < ends.length; i++) {
            Instruction instruction = program.instructions().get(i);
            ends[i] = i;
            if (instruction.started()) {
                starts.put(instruction.results().get(0), i);
            } else if (instruction.op() instanceof Await) {
                for (int result : instruction.operands()) {
                    ends[Objects.requireNonNull(starts.get(result))] = i;
                }
            }
        }
        return ends;
    }

    private void shareReshapes() {
        for (Instruction instruction : program.instructions()) {
            if (instruction.op() instanceof Reshape) {
                join(instruction.operands().get(0), instruction.results().get(0));
            }
        }
    }

    private void pinPorts(Map<String, String> replacedStates, Set<String> keptInputs) {
        Set<String> replaced = new HashSet<>(replacedStates.values());
        for (ProgramPort input : program.inputs()) {
            if (replaced.contains(input.name()) || keptInputs.contains(input.name())) {
                last[buffer(input.value())] = end();
                pinned[buffer(input.value())] = true;
            }
        }
        for (ProgramPort output : program.outputs()) {
            last[buffer(output.value())] = end();
            if (!replacedStates.containsKey(output.name())) {
                pinned[buffer(output.value())] = true;
            }
        }
    }

    private void shareInPlace(Map<String, String> replacedStates) {
        // A state may be overwritten where the program reads it for the last time.
        int[] lastRead = new int[parent.length];
        Arrays.fill(lastRead, START);
        for (int i = 0; i < program.instructions().size(); i++) {
            for (int operand : program.instructions().get(i).operands()) {
                lastRead[buffer(operand)] = Math.max(lastRead[buffer(operand)], ends[i]);
            }
        }
        int[] replaces = new int[parent.length];
        Arrays.fill(replaces, -1);
        replacedStates.forEach(
                (output, input) -> replaces[buffer(program.output(output).value())] =
                        buffer(program.input(input).value()));
        for (int i = 0; i < program.instructions().size(); i++) {
            Instruction instruction = program.instructions().get(i);
            for (int k = 0; k < instruction.results().size(); k++) {
                int result = instruction.results().get(k);
                for (int index : instruction.op().inPlaceOperands(k)) {
                    int operand = instruction.operands().get(index);
                    int source = buffer(operand);
                    boolean sameType = program.typeOf(operand).equals(program.typeOf(result));
                    boolean stateUpdate = replaces[buffer(result)] == source
                            && lastRead[source] == ends[i]
                            && isLastReader(i, source);
                    boolean dead = first[source] < i && usesUp(i, operand);
                    boolean readTwice = instruction.operands().stream()
                                    .filter(other -> buffer(other) == source)
                                    .count()
                            > 1;
                    if (sameType && buffer(result) != source && (stateUpdate || dead) && !readTwice) {
                        int target = replaces[buffer(result)];
                        boolean isPinned = pinned[buffer(result)] || pinned[source];
                        join(operand, result);
                        replaces[buffer(result)] = stateUpdate ? -1 : target;
                        pinned[buffer(result)] = isPinned;
                        break;
                    }
                }
            }
        }
        replacedStates.forEach((output, input) -> {
            int from = program.output(output).value();
            int to = program.input(input).value();
            if (buffer(from) != buffer(to) && isFreeFor(from, to)) {
                join(to, from);
            }
            if (buffer(from) != buffer(to)) {
                copies.add(new MemoryPlan.Copy(from, to));
            }
        });
    }

    /** Whether a state's memory is read for the last time before its new value's is first written. */
    private boolean isFreeFor(int value, int state) {
        int lastRead = START;
        for (int i = 0; i < program.instructions().size(); i++) {
            for (int operand : program.instructions().get(i).operands()) {
                if (buffer(operand) == buffer(state)) {
                    lastRead = Math.max(lastRead, ends[i]);
                }
            }
        }
        boolean sameType = program.typeOf(value).equals(program.typeOf(state));
        return sameType && !pinned[buffer(value)] && lastRead < first[buffer(value)];
    }

    /**
     * Whether all others have read the buffer before an instruction begins, given that it is the last to read it or
     * ends with those that are.
     */
    private boolean isLastReader(int instruction, int source) {
        if (ends[instruction] == instruction) {
            return true;
        }
        for (int i = 0; i < ends.length; i++) {
            if (i != instruction && ends[i] > instruction) {
                for (int operand : program.instructions().get(i).operands()) {
                    // An await names the result, not what is read.
                    if (buffer(operand) == source
                            && !(program.instructions().get(i).op() instanceof Await)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private void join(int into, int value) {
        int root = buffer(into);
        int other = buffer(value);
        if (root == other) {
            return;
        }
        parent[other] = root;
        first[root] = Math.min(first[root], first[other]);
        last[root] = Math.max(last[root], last[other]);
    }
}
