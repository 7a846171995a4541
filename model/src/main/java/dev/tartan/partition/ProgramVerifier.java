package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.op.Reshape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks a program: values made once and before use, local types as the ops say, pending sums kept and added up,
 * collectives over real axes, started ones awaited once and before their results are used, and host memory touched by
 * copies only. A reshape of a result that is not awaited is no use of it, but names the same memory, so that neither is
 * that to be used before.
 */
public final class ProgramVerifier {
    private final Program program;
    private final Set<Integer> defined = new HashSet<>();
    /** Results of started collectives that are not awaited yet, to the instruction that starts them. */
    private final Map<Integer, Integer> underWay = new LinkedHashMap<>();
    /** Reshapes of a result that was under way then, to that result. */
    private final Map<Integer, Integer> reshaped = new HashMap<>();
    /** How the addends of each unreduced value combine. */
    private final Map<Integer, Reduction> kinds = new HashMap<>();

    private ProgramVerifier(Program program) {
        this.program = program;
    }

    /**
     * Checks every instruction.
     *
     * @throws IllegalStateException naming the first broken instruction, its types and what is wrong
     */
    public static void verify(Program program) {
        ProgramVerifier verifier = new ProgramVerifier(program);
        program.inputs().forEach(input -> verifier.verifyPort("input", input));
        program.inputs().forEach(input -> verifier.defined.add(input.value()));
        for (int i = 0; i < program.instructions().size(); i++) {
            verifier.verify(i);
        }
        verifier.underWay.forEach((result, start) -> {
            throw verifier.broken(start, "result %" + result + " is never awaited");
        });
        program.outputs().forEach(verifier::verifyOutput);
    }

    private void verify(int index) {
        Instruction instruction = program.instructions().get(index);
        for (int operand : instruction.operands()) {
            if (!defined.contains(operand)) {
                throw broken(index, "operand %" + operand + " is used before it is made");
            }
        }
        List<TensorType> expected;
        try {
            expected = instruction.op().resultTypes(program.typesOf(instruction.operands()));
        } catch (IllegalArgumentException e) {
            throw broken(index, "op does not accept its operands: " + e.getMessage());
        }
        if (!expected.equals(program.typesOf(instruction.results()))) {
            throw broken(index, "result types differ from the op's: expected=" + expected);
        }
        verifyMemory(index);
        verifyAwaited(index);
        if (!(instruction.op() instanceof Await)) {
            verifyPendingSums(index);
        }
        for (int result : instruction.results()) {
            if (!defined.add(result)) {
                throw broken(index, "result %" + result + " is assigned twice");
            }
        }
        if (instruction.op() instanceof Collective collective
                && program.mesh().numShards(collective.axes()) != collective.numRanks()) {
            throw broken(index, "group size differs from the mesh: ranks=" + collective.numRanks());
        }
    }

    private void verifyMemory(int index) {
        Instruction instruction = program.instructions().get(index);
        MemoryKind to = instruction.op() instanceof MemoryCopy copy ? copy.to() : MemoryKind.DEVICE;
        for (int operand : instruction.operands()) {
            MemoryKind memory = program.values().get(operand).memory();
            if (instruction.op() instanceof MemoryCopy ? memory == to : memory != MemoryKind.DEVICE) {
                throw broken(
                        index, "operand %" + operand + " is in memory where the op cannot read it: memory=" + memory);
            }
        }
        for (int result : instruction.results()) {
            if (program.values().get(result).memory() != to) {
                throw broken(index, "result %" + result + " is in other memory than the op writes: expected=" + to);
            }
        }
    }

    /** What is under way is reshaped or awaited, not used. */
    private void verifyAwaited(int index) {
        Instruction instruction = program.instructions().get(index);
        for (int operand : instruction.operands()) {
            int result = reshaped.getOrDefault(operand, operand);
            if (instruction.op() instanceof Await) {
                if (underWay.remove(operand) == null) {
                    throw broken(index, "operand %" + operand + " is not the result of a collective under way");
                }
            } else if (underWay.containsKey(result)) {
                if (!(instruction.op() instanceof Reshape)) {
                    throw broken(index, "operand %" + operand + " is used before %" + result + " is awaited");
                }
                reshaped.put(instruction.results().get(0), result);
            }
        }
        if (instruction.started()) {
            instruction.results().forEach(result -> underWay.put(result, index));
        }
    }

    private void verifyOutput(ProgramPort output) {
        if (!defined.contains(output.value())) {
            throw brokenPort("output", output, "is never made");
        }
        verifyPort("output", output);
    }

    private void verifyPort(String kind, ProgramPort port) {
        if (!unreduced(port.value()).isEmpty()) {
            throw brokenPort(kind, port, "is unreduced");
        }
        TensorType local = port.global()
                .withShape(NamedSharding.of(program.mesh(), port.spec())
                        .localShape(port.global().shape()));
        if (!program.typeOf(port.value()).equals(local)) {
            throw brokenPort(kind, port, "has another type than its layout says: expected=" + local);
        }
    }

    private IllegalStateException brokenPort(String kind, ProgramPort port, String what) {
        return new IllegalStateException("program '" + program.name() + "' " + kind + " '" + port.name() + "' " + what
                + ": value=" + program.values().get(port.value()));
    }

    /** What a local op may do with unreduced operands, and what must become of them. */
    private void verifyPendingSums(int index) {
        Instruction instruction = program.instructions().get(index);
        Op op = instruction.op();
        List<List<String>> operands =
                instruction.operands().stream().map(this::unreduced).toList();
        if (op instanceof Collective collective) {
            verifyCollective(index, collective, operands.get(0));
            return;
        }
        Set<String> pending = new TreeSet<>();
        for (int i = 0; i < operands.size(); i++) {
            if (!operands.get(i).isEmpty()) {
                verifyLinear(index, i, operands);
                pending.addAll(operands.get(i));
            }
        }
        for (int result : instruction.results()) {
            if (!unreduced(result).containsAll(pending)) {
                throw broken(index, "result %" + result + " loses a pending sum over " + pending);
            }
            if (!unreduced(result).isEmpty()) {
                kinds.put(
                        result,
                        op instanceof ShardSlice
                                ? Reduction.SUM
                                : rule(instruction).reduction());
            }
        }
    }

    private void verifyCollective(int index, Collective collective, List<String> pending) {
        Instruction instruction = program.instructions().get(index);
        List<String> left = new ArrayList<>(pending);
        Reduction kind = kinds.getOrDefault(instruction.operands().get(0), Reduction.SUM);
        if (collective instanceof AllReduce || collective instanceof ReduceScatter) {
            Reduction reduction = collective instanceof AllReduce all ? all.reduction() : Reduction.SUM;
            if (!left.containsAll(collective.axes())) {
                throw broken(index, "operand is not unreduced over all of " + collective.axes());
            }
            if (kind != reduction) {
                throw broken(index, "op adds up another reduction than is pending: pending=" + kind);
            }
            left.removeAll(collective.axes());
        } else if (collective.axes().stream().anyMatch(left::contains)) {
            throw broken(index, "op moves addends of a pending sum along its own axes, unreduced=" + pending);
        }
        int result = instruction.results().get(0);
        if (!unreduced(result).equals(left)) {
            throw broken(index, "result %" + result + " is unreduced over other axes than is left: expected=" + left);
        }
        if (!left.isEmpty()) {
            kinds.put(result, kind);
        }
    }

    /**
     * The op must be linear in the operand: in it alone, all others being whole, or in all together, all being
     * unreduced alike.
     */
    private void verifyLinear(int index, int operand, List<List<String>> operands) {
        Instruction instruction = program.instructions().get(index);
        List<String> pending = operands.get(operand);
        if (instruction.op() instanceof ShardSlice slice) {
            if (slice.offset().axes().stream().anyMatch(pending::contains)) {
                throw broken(index, "op slices along an axis over which its operand is unreduced=" + pending);
            }
            return;
        }
        ShardingRule rule = rule(instruction);
        if (!rule.linearOperands().contains(operand)
                || rule.reduction() != Reduction.SUM
                || kinds.get(instruction.operands().get(operand)) != Reduction.SUM) {
            throw broken(index, "op is not linear in its unreduced operand " + operand + ", unreduced=" + pending);
        }
        for (int other = 0; other < operands.size(); other++) {
            List<String> allowed = rule.jointlyLinear() ? pending : List.of();
            if (other != operand && !operands.get(other).equals(allowed)) {
                throw broken(
                        index,
                        "op is not linear in operand " + operand + " with operand " + other + " as it is, unreduced="
                                + pending + " and " + operands.get(other));
            }
        }
    }

    private List<String> unreduced(int value) {
        return program.values().get(value).unreduced();
    }

    private ShardingRule rule(Instruction instruction) {
        return instruction.op().shardingRule(program.typesOf(instruction.operands()));
    }

    private IllegalStateException broken(int index, String what) {
        Instruction instruction = program.instructions().get(index);
        return new IllegalStateException("program '" + program.name() + "' is broken at instruction " + index + ": "
                + what + ", op=" + instruction.op() + ", operands=" + program.typesOf(instruction.operands())
                + ", results=" + program.typesOf(instruction.results()) + ", origin=" + instruction.origin());
    }
}
