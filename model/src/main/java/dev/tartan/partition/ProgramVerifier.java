package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks a program: values made once and before use, local types as the ops say, collectives over real axes. */
public final class ProgramVerifier {
    private ProgramVerifier() {}

    /**
     * Checks every instruction.
     *
     * @throws IllegalStateException naming the first broken instruction, its types and what is wrong
     */
    public static void verify(Program program) {
        Set<Integer> defined = new HashSet<>();
        program.inputs().forEach(input -> defined.add(input.value()));
        for (int i = 0; i < program.instructions().size(); i++) {
            Instruction instruction = program.instructions().get(i);
            for (int operand : instruction.operands()) {
                if (!defined.contains(operand)) {
                    throw broken(program, i, "operand %" + operand + " is used before it is made");
                }
            }
            List<TensorType> expected = instruction.op().resultTypes(program.typesOf(instruction.operands()));
            if (!expected.equals(program.typesOf(instruction.results()))) {
                throw broken(program, i, "result types differ from the op's: expected=" + expected);
            }
            verifyPendingSums(program, i);
            for (int result : instruction.results()) {
                if (!defined.add(result)) {
                    throw broken(program, i, "result %" + result + " is assigned twice");
                }
            }
            if (instruction.op() instanceof Collective collective
                    && program.mesh().numShards(collective.axes()) != collective.numRanks()) {
                throw broken(program, i, "group size differs from the mesh: ranks=" + collective.numRanks());
            }
        }
        List<String> missing = new ArrayList<>();
        program.outputs().stream()
                .filter(output -> !defined.contains(output.value()))
                .forEach(output -> missing.add(output.name()));
        program.outputs().forEach(output -> {
            if (!program.values().get(output.value()).unreduced().isEmpty()) {
                throw new IllegalStateException("program '" + program.name() + "' output '" + output.name()
                        + "' is unreduced: value=" + program.values().get(output.value()));
            }
        });
        if (!missing.isEmpty()) {
            throw new IllegalStateException("program '" + program.name() + "' never makes outputs: " + missing);
        }
    }

    /** Only a reduction, or an op linear in the operand that hands the pending sum on, may take an unreduced value. */
    private static void verifyPendingSums(Program program, int index) {
        Instruction instruction = program.instructions().get(index);
        Op op = instruction.op();
        for (int i = 0; i < instruction.operands().size(); i++) {
            List<String> pending = new ArrayList<>(
                    program.values().get(instruction.operands().get(i)).unreduced());
            if (pending.isEmpty()) {
                continue;
            }
            if (op instanceof AllReduce || op instanceof ReduceScatter) {
                pending.removeAll(((Collective) op).axes());
            } else if (!(op instanceof ShardSlice)) {
                boolean linear = !(op instanceof Collective)
                        && op.shardingRule(program.typesOf(instruction.operands()))
                                .linearOperands()
                                .contains(i);
                if (!linear) {
                    throw broken(
                            program,
                            index,
                            "op is not linear in its unreduced operand " + i + ", unreduced=" + pending);
                }
            }
            for (int result : instruction.results()) {
                if (!program.values().get(result).unreduced().containsAll(pending)) {
                    throw broken(program, index, "result %" + result + " loses a pending sum over " + pending);
                }
            }
        }
    }

    private static IllegalStateException broken(Program program, int index, String what) {
        Instruction instruction = program.instructions().get(index);
        return new IllegalStateException("program '" + program.name() + "' is broken at instruction " + index + ": "
                + what + ", op=" + instruction.op() + ", operands=" + program.typesOf(instruction.operands())
                + ", results=" + program.typesOf(instruction.results()) + ", scope=" + instruction.scope());
    }
}
