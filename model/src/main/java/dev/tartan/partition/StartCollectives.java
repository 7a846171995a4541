package dev.tartan.partition;

import dev.tartan.graph.Origin;
import dev.tartan.op.Reshape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Lets the program go on while collectives run: each is started where it was, and awaited right before the first
 * instruction that reads its result. Results that the same instruction is the first to read are awaited together;
 * results that none reads, at the end. A reshape reads nothing, as it is the same memory under another shape: what it
 * makes of a result is awaited where that is read.
 *
 * <pre>
 * %7:f32[8] = all_reduce over data (%6)            %7:f32[8] = all_reduce over data (%6) started
 * %8:f32[2, 4] = reshape [2, 4] (%7)               %8:f32[2, 4] = reshape [2, 4] (%7)
 * %9:f32[8] = exp (%5)                        ->   %9:f32[8] = exp (%5)
 *                                                  await (%7)
 * %10:f32[4] = reduce_sum dims=[0] (%8)            %10:f32[4] = reduce_sum dims=[0] (%8)
 * </pre>
 */
public final class StartCollectives {
    private final Program program;
    private final long scatterBytes;
    private final List<Instruction> instructions = new ArrayList<>();
    /** Results under way, in the order of their starts. */
    private final Set<Integer> pending = new LinkedHashSet<>();
    /** A value made by reshapes only, to the result under way that it is. */
    private final Map<Integer, Integer> reshaped = new HashMap<>();

    /** Of the results under way, those of reduce-scatters, with the bytes that each holds on to. */
    private final Map<Integer, Long> scattering = new LinkedHashMap<>();

    private StartCollectives(Program program, long scatterBytes) {
        this.program = program;
        this.scatterBytes = scatterBytes;
    }

    /**
     * Starts the collectives that match; others, and those started before, stay as they are.
     *
     * @param matches asked for blocking collectives only
     */
    public static Program run(Program program, Predicate<Instruction> matches) {
        return run(program, matches, Long.MAX_VALUE);
    }

    /**
     * As {@link #run(Program, Predicate)}, with a limit to what reduce-scatters hold on to: before one is started that
     * would exceed it, the oldest under way are awaited, which frees what they were made of.
     *
     * @param scatterBytes most bytes of operands of reduce-scatters under way, unless one alone has more
     */
    public static Program run(Program program, Predicate<Instruction> matches, long scatterBytes) {
        StartCollectives pass = new StartCollectives(program, scatterBytes);
        for (Instruction instruction : program.instructions()) {
            pass.add(instruction, matches);
        }
        pass.await(pass.pending);
        Program result = program.withInstructions(pass.instructions);
        ProgramVerifier.verify(result);
        return result;
    }

    private void add(Instruction instruction, Predicate<Instruction> matches) {
        if (instruction.op() instanceof Reshape) {
            int operand = instruction.operands().get(0);
            reshaped.put(instruction.results().get(0), reshaped.getOrDefault(operand, operand));
            instructions.add(instruction);
            return;
        }
        Set<Integer> read = new LinkedHashSet<>(pending);
        read.retainAll(instruction.operands().stream()
                .map(operand -> reshaped.getOrDefault(operand, operand))
                .toList());
        await(read);
        boolean starts = instruction.op() instanceof Collective && !instruction.started() && matches.test(instruction);
        if (starts && instruction.op() instanceof ReduceScatter) {
            makeRoom(instruction);
        }
        instructions.add(starts ? instruction.asStarted() : instruction);
        if (starts) {
            pending.addAll(instruction.results());
        }
    }

    private void makeRoom(Instruction scatter) {
        long bytes = program.typeOf(scatter.operands().get(0)).bytes();
        while (!scattering.isEmpty()
                && scattering.values().stream().mapToLong(Long::longValue).sum() > scatterBytes - bytes) {
            await(Set.of(scattering.keySet().iterator().next()));
        }
        scattering.put(scatter.results().get(0), bytes);
    }

    private void await(Set<Integer> results) {
        if (!results.isEmpty()) {
            List<Integer> awaited = List.copyOf(results);
            instructions.add(new Instruction(new Await(), awaited, List.of(), Origin.NETWORK));
            pending.removeAll(awaited);
            scattering.keySet().removeAll(awaited);
        }
    }
}
