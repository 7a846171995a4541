package dev.tartan.partition;

import dev.tartan.op.Pad;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Who makes and who reads each value of a program. Indices are of instructions. */
final class ProgramUses {
    /** Made by no instruction: an input. */
    static final int INPUT = -1;

    private final Program program;
    private final int[] makers;
    private final List<List<Integer>> readers = new ArrayList<>();
    private final boolean[] isOutput;

    ProgramUses(Program program) {
        this.program = program;
        makers = new int[program.values().size()];
        isOutput = new boolean[makers.length];
        Arrays.fill(makers, INPUT);
        program.values().forEach(value -> readers.add(new ArrayList<>()));
        for (int i = 0; i < program.instructions().size(); i++) {
            for (int result : program.instructions().get(i).results()) {
                makers[result] = i;
            }
            for (int operand : program.instructions().get(i).operands()) {
                readers.get(operand).add(i);
            }
        }
        program.outputs().forEach(output -> isOutput[output.value()] = true);
    }

    /** Index of the instruction that makes a value, or {@link #INPUT}. */
    int maker(int value) {
        return makers[value];
    }

    List<Integer> readers(int value) {
        return readers.get(value);
    }

    boolean isOutput(int value) {
        return isOutput[value];
    }

    /** Whether an instruction only arranges the elements of one value. */
    boolean arranges(int instruction) {
        var op = program.instructions().get(instruction).op();
        return op instanceof Reshape || op instanceof Transpose || op instanceof Pad || op instanceof Slice;
    }

    /** The instructions that arrange a value for one reader alone, in order of execution; the last makes the value. */
    List<Integer> arrangementBefore(int value) {
        List<Integer> chain = new ArrayList<>();
        int current = value;
        while (makers[current] != INPUT && arranges(makers[current]) && isReadOnce(current)) {
            chain.add(makers[current]);
            current = program.instructions().get(makers[current]).operands().get(0);
        }
        Collections.reverse(chain);
        return chain;
    }

    private boolean isReadOnce(int value) {
        return readers.get(value).size() == 1 && !isOutput[value];
    }
}
