package dev.tartan.partition;

import dev.tartan.graph.Origin;
import dev.tartan.mesh.MemoryKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps state in host memory from step to step: each is copied to the device right before it is first read, and its new
 * value back right after it is made, so that on the device there is room for a few at a time only.
 *
 * <pre>
 * input %3:f32[8] w.m                              input %3:f32[8]@host w.m
 * %9:f32[8], %10:f32[8] = adamw (..., %3)    ->    %12:f32[8] = copy_to_device (%3)
 * output w.m.new = %10                             %9:f32[8], %10:f32[8] = adamw (..., %12)
 *                                                  %13:f32[8]@host = copy_to_host (%10)
 *                                                  output w.m.new = %13
 * </pre>
 *
 * <p>Idea: "ZeRO-Offload", Ren et al. 2021; there the update runs on the host too.
 */
public final class OffloadStates {
    private final Program program;
    private final List<ProgramValue> values;
    private final List<Instruction> instructions = new ArrayList<>();
    /** A state's input to its copy on the device. */
    private final Map<Integer, Integer> onDevice = new HashMap<>();
    /** A state's new value to its copy on the host. */
    private final Map<Integer, Integer> onHost = new LinkedHashMap<>();

    private OffloadStates(Program program) {
        this.program = program;
        this.values = new ArrayList<>(program.values());
    }

    /**
     * Keeps some states in host memory.
     *
     * @param states output label to the input that it replaces from step to step
     */
    public static Program run(Program program, Map<String, String> states) {
        if (states.isEmpty()) {
            return program;
        }
        return new OffloadStates(program).rewrite(states);
    }

    private Program rewrite(Map<String, String> states) {
        Set<Integer> inputs = new HashSet<>();
        states.values().forEach(name -> inputs.add(program.input(name).value()));
        Set<Integer> results = new HashSet<>();
        states.keySet().forEach(label -> results.add(program.output(label).value()));
        inputs.forEach(input -> values.set(input, values.get(input).in(MemoryKind.HOST)));
        for (Instruction instruction : program.instructions()) {
            List<Integer> operands = new ArrayList<>();
            for (int operand : instruction.operands()) {
                operands.add(inputs.contains(operand) ? onDevice(operand, instruction.origin()) : operand);
            }
            instructions.add(instruction.withOperands(operands));
            for (int result : instruction.results()) {
                if (results.contains(result)) {
                    onHost.put(result, copy(result, MemoryKind.HOST, instruction.origin()));
                }
            }
        }
        Program result = new Program(
                program.name(),
                program.mesh(),
                values,
                instructions,
                program.inputs(),
                program.outputs().stream().map(output -> moved(output, states)).toList(),
                program.notes());
        ProgramVerifier.verify(result);
        return result;
    }

    private int onDevice(int input, Origin origin) {
        Integer found = onDevice.get(input);
        if (found == null) {
            found = copy(input, MemoryKind.DEVICE, origin);
            onDevice.put(input, found);
        }
        return found;
    }

    private int copy(int from, MemoryKind to, Origin origin) {
        ProgramValue source = values.get(from);
        int id = values.size();
        values.add(source.as(id, to));
        instructions.add(new Instruction(new MemoryCopy(to), List.of(from), List.of(id), origin));
        return id;
    }

    private ProgramPort moved(ProgramPort output, Map<String, String> states) {
        int value = states.containsKey(output.name())
                ? onHost.getOrDefault(output.value(), output.value())
                : onDevice.getOrDefault(output.value(), output.value());
        return new ProgramPort(output.name(), value, output.global(), output.spec());
    }
}
