package dev.tartan.plan;

import dev.tartan.op.Reshape;
import dev.tartan.partition.Await;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Finds where a program begins to write over inputs that are to outlive it, such as a training step over its states. Up
 * to there a run that is cut off has changed none of them.
 *
 * <p>Example: {@code g = grad(w, x); g' = all_reduce(g); w' = sub(w, g')}, where {@code w'} lies where {@code w} does:
 * 2. Were it elsewhere, to be copied over {@code w} at the end: 3.
 */
public final class FirstWrite {
    /** Of inputs that no instruction or copy writes to. */
    public static final int NEVER = Integer.MAX_VALUE;

    private FirstWrite() {}

    /**
     * The first instruction that may write into the memory of an input; the number of instructions if only a copy after
     * the last one does; {@link #NEVER} if nothing does.
     *
     * @param inputs their names
     */
    public static int of(Program program, MemoryPlan plan, Collection<String> inputs) {
        return each(program, plan, inputs).values().stream()
                .mapToInt(Integer::intValue)
                .min()
                .orElse(NEVER);
    }

    /** As {@link #of}, for each input alone, by its name. */
    public static Map<String, Integer> each(Program program, MemoryPlan plan, Collection<String> inputs) {
        Map<String, Integer> firsts = new LinkedHashMap<>();
        Map<String, Integer> sought = new LinkedHashMap<>();
        for (String name : inputs) {
            firsts.put(name, NEVER);
            sought.put(name, program.input(name).value());
        }
        int count = program.instructions().size();
        for (int i = 0; i < count && !sought.isEmpty(); i++) {
            int at = i;
            note(firsts, sought, at, value -> writes(program, plan, at, value));
        }
        for (MemoryPlan.Copy copy : plan.copies()) {
            note(firsts, sought, count, value -> overlap(program, plan, copy.to(), value));
        }
        return firsts;
    }

    private static void note(Map<String, Integer> firsts, Map<String, Integer> sought, int at, IntPredicate isWritten) {
        sought.entrySet().removeIf(input -> {
            boolean written = isWritten.test(input.getValue());
            if (written) {
                firsts.put(input.getKey(), at);
            }
            return written;
        });
    }

    private static boolean writes(Program program, MemoryPlan plan, int index, int kept) {
        Instruction instruction = program.instructions().get(index);
        // What is awaited was written from its start on.
        if (instruction.op() instanceof Await || isView(plan, instruction)) {
            return false;
        }
        for (int result : instruction.results()) {
            if (overlap(program, plan, result, kept)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isView(MemoryPlan plan, Instruction instruction) {
        return instruction.op() instanceof Reshape
                && plan.slots().get(instruction.operands().get(0)).offsetBytes()
                        == plan.slots().get(instruction.results().get(0)).offsetBytes();
    }

    private static boolean overlap(Program program, MemoryPlan plan, int value, int kept) {
        return program.values().get(value).memory()
                        == program.values().get(kept).memory()
                && overlap(plan.slots().get(value), plan.slots().get(kept));
    }

    private static boolean overlap(BufferSlot one, BufferSlot other) {
        return one.offsetBytes() < other.endBytes() && other.offsetBytes() < one.endBytes();
    }
}
