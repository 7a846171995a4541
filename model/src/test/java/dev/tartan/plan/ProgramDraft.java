package dev.tartan.plan;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramValue;
import dev.tartan.partition.ProgramVerifier;
import dev.tartan.partition.TestInstructions;
import dev.tartan.partition.TestMeshes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A program that a test writes down instruction by instruction, on one device. */
abstract class ProgramDraft {
    static final TensorType TYPE = new TensorType(DType.FLOAT32, shape(4, 8));

    final List<ProgramValue> values = new ArrayList<>();
    final List<Instruction> instructions = new ArrayList<>();
    final Map<String, Integer> inputs = new LinkedHashMap<>();
    final Map<String, Integer> outputs = new LinkedHashMap<>();
    final Map<String, String> replaced = new LinkedHashMap<>();
    final Set<String> kept = new HashSet<>();

    MemoryPlan plan(Program program) {
        return PlanMemory.run(program, replaced, kept, DeviceTraits.PLAIN);
    }

    static List<String> printed(Program program) {
        return program.toString()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("%"))
                .toList();
    }

    Program program() {
        Program program = new Program(
                "test", TestMeshes.dataModel(1, 1), values, instructions, ports(inputs), ports(outputs), List.of());
        ProgramVerifier.verify(program);
        return program;
    }

    List<ProgramPort> ports(Map<String, Integer> named) {
        List<ProgramPort> ports = new ArrayList<>();
        named.forEach((name, id) -> {
            TensorType type = values.get(id).type();
            ports.add(new ProgramPort(name, id, type, PartitionSpec.replicated(type.numDims())));
        });
        return ports;
    }

    int input(String name) {
        int id = value(TYPE, List.of(), false);
        inputs.put(name, id);
        return id;
    }

    int kept(String name) {
        return kept(name, TYPE);
    }

    int kept(String name, TensorType type) {
        int id = value(type, List.of(), false);
        inputs.put(name, id);
        kept.add(name);
        return id;
    }

    void output(int id) {
        output("out" + id, id);
    }

    void output(String name, int id) {
        outputs.put(name, id);
    }

    int emit(Op op, Integer... operands) {
        List<TensorType> types =
                Arrays.stream(operands).map(id -> values.get(id).type()).toList();
        int result = value(op.resultTypes(types).get(0), List.of(), false);
        instructions.add(TestInstructions.of(op, List.of(operands), result));
        return result;
    }

    int value(TensorType type, List<String> unreduced, boolean gradient) {
        values.add(new ProgramValue(values.size(), type, "", unreduced, MemoryKind.DEVICE, gradient));
        return values.size() - 1;
    }
}
