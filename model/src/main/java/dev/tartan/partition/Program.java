package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What every rank runs: the same instructions on its own shards. Plain data.
 *
 * @param values all values; a value's id is its index
 * @param inputs in the order of the graph's inputs
 * @param outputs in the order of the graph's outputs
 * @param notes what the compiler wants the user to know: conflicts resolved, large gathers inserted
 */
public record Program(
        String name,
        Mesh mesh,
        List<ProgramValue> values,
        List<Instruction> instructions,
        List<ProgramPort> inputs,
        List<ProgramPort> outputs,
        List<String> notes) {
    public Program {
        values = List.copyOf(values);
        instructions = List.copyOf(instructions);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        notes = List.copyOf(notes);
    }

    /** Local type of a value. */
    public TensorType typeOf(int value) {
        return values.get(value).type();
    }

    /** Local types of values. */
    public List<TensorType> typesOf(List<Integer> ids) {
        return ids.stream().map(this::typeOf).toList();
    }

    /**
     * The input called {@code name}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public ProgramPort input(String name) {
        return port(inputs, "input", name);
    }

    /**
     * The output labelled {@code name}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public ProgramPort output(String name) {
        return port(outputs, "output", name);
    }

    private ProgramPort port(List<ProgramPort> ports, String kind, String wanted) {
        return ports.stream()
                .filter(port -> port.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "program '" + name + "' has no " + kind + " '" + wanted + "': " + kind + "s="
                                + ports.stream().map(ProgramPort::name).toList() + "."));
    }

    /** The same with other instructions that make the outputs. */
    public Program withInstructions(List<Instruction> others) {
        return new Program(name, mesh, values, others, inputs, outputs, notes);
    }

    /** The text form: inputs with their layouts, one instruction a line, outputs, notes. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("program " + name + " on " + mesh + " {\n");
        for (ProgramPort input : inputs) {
            text.append("  input ")
                    .append(values.get(input.value()))
                    .append(' ')
                    .append(input.name())
                    .append(" of ")
                    .append(input.global())
                    .append(' ')
                    .append(input.spec())
                    .append('\n');
        }
        for (Instruction instruction : instructions) {
            text.append("  ").append(print(instruction)).append('\n');
        }
        for (ProgramPort output : outputs) {
            text.append("  output ")
                    .append(output.name())
                    .append(" = %")
                    .append(output.value())
                    .append(' ')
                    .append(output.spec())
                    .append('\n');
        }
        notes.forEach(note -> text.append("  note: ").append(note).append('\n'));
        return text.append("}\n").toString();
    }

    private static String role(Instruction instruction) {
        CollectiveRole role = instruction.role();
        boolean isCommon = role == CollectiveRole.ACTIVATION || role == CollectiveRole.SCALAR;
        return role == null || isCommon ? "" : " of " + role.name().toLowerCase(Locale.ROOT);
    }

    private String print(Instruction instruction) {
        String attributes = instruction.op().attributes();
        String origin = instruction.origin().toString();
        String results = instruction.results().stream()
                .map(id -> values.get(id).toString())
                .collect(Collectors.joining(", "));
        return results
                + (results.isEmpty() ? "" : " = ")
                + instruction.op().name()
                + (attributes.isEmpty() ? "" : " " + attributes)
                + instruction.operands().stream().map(id -> "%" + id).collect(Collectors.joining(", ", " (", ")"))
                + role(instruction)
                + (instruction.started() ? " started" : "")
                + (origin.isEmpty() ? "" : "  // " + origin);
    }
}
