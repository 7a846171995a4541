package dev.tartan.train;

import dev.tartan.partition.Program;
import dev.tartan.plan.MemoryPlan;

/** A program and the memory that one rank needs for it. */
public record CompiledProgram(Program program, MemoryPlan memory) {}
