package dev.tartan.train;

import dev.tartan.partition.Program;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.FuseElementwise;
import dev.tartan.plan.FuseProductEpilogues;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** A program and the memory that one rank needs for it. */
public record CompiledProgram(Program program, MemoryPlan memory) {
    /**
     * Compiles the last bit: epilogues join their products, elementwise ops are fused, and memory is planned.
     *
     * @param replacedStates as for {@link PlanMemory}
     * @param keptInputs as for {@link PlanMemory}
     */
    static CompiledProgram of(
            Program program, Map<String, String> replacedStates, Set<String> keptInputs, DeviceTraits traits) {
        return of(
                program,
                replacedStates,
                keptInputs,
                traits,
                each -> PlanMemory.run(each, replacedStates, keptInputs, traits));
    }

    /** As {@link #of(Program, Map, Set, DeviceTraits)}, with another way of planning the memory. */
    static CompiledProgram of(
            Program program,
            Map<String, String> replacedStates,
            Set<String> keptInputs,
            DeviceTraits traits,
            Function<Program, MemoryPlan> planner) {
        Program withEpilogues = FuseProductEpilogues.run(program, traits, planner);
        Program fused = FuseElementwise.run(withEpilogues, replacedStates, keptInputs, traits, planner);
        return new CompiledProgram(fused, planner.apply(fused));
    }
}
