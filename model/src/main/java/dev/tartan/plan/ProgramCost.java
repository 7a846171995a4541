package dev.tartan.plan;

import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;

/** What a program computes, per rank and run. */
public final class ProgramCost {
    private ProgramCost() {}

    /** Floating-point operations of one rank. */
    public static long flops(Program program) {
        long flops = 0;
        for (Instruction instruction : program.instructions()) {
            flops += instruction.op().flops(program.typesOf(instruction.operands()));
        }
        return flops;
    }
}
