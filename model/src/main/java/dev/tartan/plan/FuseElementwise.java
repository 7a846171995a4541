package dev.tartan.plan;

import dev.tartan.graph.TensorType;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.Reshape;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramVerifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Joins elementwise ops with the one that reads their result, so that this result is neither written to memory nor read
 * from there. Both make tensors of one type in one phase, and a device has a kernel for them that keeps nothing in
 * memory. What carries a pending sum or a gradient that is accounted for stays.
 *
 * <pre>
 * %5:f32[8] = mul_scalar x, 0.01 (%1)
 * %6:f32[8] = relu (%4)                    ->    %6:f32[8] = relu (%4)
 * %7:f32[8] = add (%2, %5)                       %7:f32[8] = mul+add t0 = mul(b, 0.01); add(a, t0) (%2, %1)
 * </pre>
 *
 * <p>Here %1 must now live as long as %5 did. So ops are joined only where no more is alive at any time: in place of
 * the result that goes, at most one operand lives longer, and the last op may be computed over it.
 */
public final class FuseElementwise {
    /** More would not save more memory traffic per op, and need more of the nearest cache. */
    private static final int MAX_STEPS = 8;

    private static final int MAX_OPERANDS = 6;

    private final Program program;
    private final DeviceTraits traits;
    /** By value; -1 for inputs. */
    private final int[] makers;
    /** By value: the only instruction that reads it, or -1. */
    private final int[] onlyReaders;
    /** By value: the one whose memory it is, which a reshape does not copy. */
    private final int[] owners;
    /** By owner: the last instruction that reads it; the program's end for outputs and what no run changes. */
    private final int[] lastReads;
    /** By owner of a state: the instruction that makes the state that replaces it. */
    private final Map<Integer, Integer> replacing = new HashMap<>();
    /** By instruction that a chain ends with. */
    private final Map<Integer, Chain> chains = new HashMap<>();
    /** Instructions that became part of a chain and do not end it. */
    private final Set<Integer> joined = new HashSet<>();

    private FuseElementwise(
            Program program, Map<String, String> replacedStates, Set<String> keptInputs, DeviceTraits traits) {
        this.program = program;
        this.traits = traits;
        int count = program.values().size();
        makers = new int[count];
        onlyReaders = new int[count];
        owners = new int[count];
        lastReads = new int[count];
        Arrays.fill(makers, -1);
        Arrays.fill(onlyReaders, -1);
        Arrays.fill(lastReads, -1);
        Arrays.setAll(owners, i -> i);
        measureUses();
        measurePorts(replacedStates, keptInputs);
    }

    /**
     * The program with chains of elementwise ops as single ones; the program itself if there are none, or if its plan
     * needed more memory or copies so.
     *
     * @param replacedStates as for {@link PlanMemory}
     * @param keptInputs as for {@link PlanMemory}
     * @param planner plans the memory of a program
     */
    public static Program run(
            Program program,
            Map<String, String> replacedStates,
            Set<String> keptInputs,
            DeviceTraits traits,
            Function<Program, MemoryPlan> planner) {
        FuseElementwise pass = new FuseElementwise(program, replacedStates, keptInputs, traits);
        pass.findChains();
        if (pass.chains.isEmpty()) {
            return program;
        }
        Program fused = pass.rewrite();
        ProgramVerifier.verify(fused);
        return planner.apply(fused).isNoWorseThan(planner.apply(program)) ? fused : program;
    }

    private void measureUses() {
        int[] ends = BufferSharing.ends(program);
        boolean[] isRead = new boolean[makers.length];
        for (int i = 0; i < ends.length; i++) {
            Instruction instruction = program.instructions().get(i);
            for (int operand : instruction.operands()) {
                onlyReaders[operand] = !isRead[operand] || onlyReaders[operand] == i ? i : -1;
                isRead[operand] = true;
                lastReads[owners[operand]] = Math.max(lastReads[owners[operand]], ends[i]);
            }
            for (int result : instruction.results()) {
                makers[result] = i;
                if (instruction.op() instanceof Reshape) {
                    owners[result] = owners[instruction.operands().get(0)];
                }
            }
        }
    }

    private void measurePorts(Map<String, String> replacedStates, Set<String> keptInputs) {
        int end = program.instructions().size();
        for (ProgramPort output : program.outputs()) {
            onlyReaders[output.value()] = -1;
            lastReads[owners[output.value()]] = end;
        }
        for (ProgramPort input : program.inputs()) {
            if (keptInputs.contains(input.name())) {
                lastReads[owners[input.value()]] = end;
            }
        }
        replacedStates.forEach((output, input) -> replacing.put(
                owners[program.input(input).value()],
                makers[owners[program.output(output).value()]]));
    }

    private void findChains() {
        for (int i = program.instructions().size() - 1; i >= 0; i--) {
            if (!joined.contains(i) && canJoin(i)) {
                Chain chain = new Chain(i);
                chain.grow();
                if (chain.members.size() > 1) {
                    chains.put(i, chain);
                    joined.addAll(chain.branches.keySet());
                }
            }
        }
    }

    private boolean canJoin(int index) {
        Instruction instruction = program.instructions().get(index);
        return FusedElementwise.canBeStep(instruction.op())
                && program.typeOf(instruction.results().get(0)).dtype().isFloating()
                && instruction.operands().stream()
                        .allMatch(operand ->
                                program.values().get(operand).unreduced().isEmpty());
    }

    private Program rewrite() {
        List<Instruction> instructions = new ArrayList<>();
        for (int i = 0; i < program.instructions().size(); i++) {
            Chain chain = chains.get(i);
            if (chain != null) {
                instructions.add(chain.fused());
            } else if (!joined.contains(i)) {
                instructions.add(program.instructions().get(i));
            }
        }
        return program.withInstructions(instructions);
    }

    /** Ops that one instruction is to do, each but the last one read by one of them only. */
    private final class Chain {
        private final int last;
        private final TreeSet<Integer> members = new TreeSet<>();
        /** Of each member but the last, the one of its chain that the last reads. */
        private final Map<Integer, Integer> branches = new HashMap<>();

        Chain(int last) {
            this.last = last;
            members.add(last);
        }

        /** Takes in what members read, as long as that may be. */
        void grow() {
            List<Integer> waiting = new ArrayList<>(List.of(last));
            for (int next = 0; next < waiting.size(); next++) {
                int reader = waiting.get(next);
                for (int operand :
                        new LinkedHashSet<>(program.instructions().get(reader).operands())) {
                    int maker = makers[operand];
                    if (isBetween(operand, reader) && !members.contains(maker) && tryJoin(maker, reader)) {
                        waiting.add(maker);
                    }
                }
            }
        }

        /** Whether a value is of this chain only. */
        private boolean isBetween(int value, int reader) {
            if (makers[value] < 0 || onlyReaders[value] != reader || !canJoin(makers[value])) {
                return false;
            }
            Instruction maker = program.instructions().get(makers[value]);
            return program.typeOf(value).equals(type())
                    && !program.values().get(value).gradient()
                    && maker.origin().phase()
                            == program.instructions().get(last).origin().phase();
        }

        private TensorType type() {
            return program.typeOf(program.instructions().get(last).results().get(0));
        }

        private boolean tryJoin(int maker, int reader) {
            members.add(maker);
            branches.put(maker, reader == last ? maker : branches.getOrDefault(reader, maker));
            if (members.size() <= MAX_STEPS && operands().size() <= MAX_OPERANDS && hasKernel() && keepsMemory()) {
                return true;
            }
            members.remove(maker);
            branches.remove(maker);
            return false;
        }

        private boolean hasKernel() {
            return traits.scratchBytes(op(), program.typesOf(operands())) == 0;
        }

        /** Whether in place of each branch's result at most one tensor of its type lives until the last op. */
        private boolean keepsMemory() {
            List<Integer> inPlace = op().inPlaceOperands();
            Map<Integer, Set<Integer>> longer = new HashMap<>();
            List<Integer> operands = operands();
            for (int member : members) {
                Integer branch = branches.get(member);
                if (branch == null) {
                    continue;
                }
                for (int operand : program.instructions().get(member).operands()) {
                    int owner = owners[operand];
                    if (replacing.getOrDefault(owner, last) < last) {
                        return false;
                    }
                    if (operands.contains(operand) && lastReads[owner] < last && !replacing.containsKey(owner)) {
                        boolean mayBeOver =
                                program.typeOf(operand).equals(type()) && inPlace.contains(operands.indexOf(operand));
                        Set<Integer> ofBranch = longer.computeIfAbsent(branch, key -> new HashSet<>());
                        ofBranch.add(owner);
                        if (!mayBeOver || ofBranch.size() > 1) {
                            return false;
                        }
                    }
                }
            }
            return true;
        }

        /** What members read of others; what the last op reads goes first, as it would be computed over that first. */
        private List<Integer> operands() {
            Set<Integer> operands = new LinkedHashSet<>();
            addOperands(last, operands);
            members.forEach(member -> addOperands(member, operands));
            return List.copyOf(operands);
        }

        private void addOperands(int member, Set<Integer> operands) {
            program.instructions().get(member).operands().stream()
                    .filter(operand -> !members.contains(makers[operand]))
                    .forEach(operands::add);
        }

        private FusedElementwise op() {
            List<Integer> values = new ArrayList<>(operands());
            int numOperands = values.size();
            List<FusedElementwise.Step> steps = new ArrayList<>();
            for (int member : members) {
                Instruction instruction = program.instructions().get(member);
                steps.add(new FusedElementwise.Step(
                        instruction.op(),
                        instruction.operands().stream().map(values::indexOf).toList()));
                values.addAll(instruction.results());
            }
            return new FusedElementwise(numOperands, steps);
        }

        Instruction fused() {
            Instruction end = program.instructions().get(last);
            return new Instruction(op(), operands(), end.results(), end.origin());
        }
    }
}
