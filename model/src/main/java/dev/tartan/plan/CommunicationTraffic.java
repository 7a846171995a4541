package dev.tartan.plan;

import dev.tartan.graph.TensorType;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The collectives of one run of a program, by op and axis.
 *
 * @param op for example {@code all_reduce}
 * @param axis the mesh axis, several joined by commas
 * @param count calls per rank
 * @param bytes payload per rank: the larger of what goes in and what comes out, summed over calls
 * @param wireBytes bytes that each rank sends by bandwidth-optimal algorithms
 */
public record CommunicationTraffic(String op, String axis, long count, long bytes, long wireBytes) {
    /** The traffic of a program, in order of first use. */
    public static List<CommunicationTraffic> of(Program program) {
        Map<String, CommunicationTraffic> totals = new LinkedHashMap<>();
        for (Instruction instruction : program.instructions()) {
            if (instruction.op() instanceof Collective collective) {
                TensorType in = program.typeOf(instruction.operands().get(0));
                TensorType out = program.typeOf(instruction.results().get(0));
                // Counted by kind, as communicators do: an all-reduce is one whatever it reduces with.
                String op = collective.name().startsWith("all_reduce") ? "all_reduce" : collective.name();
                String axis = String.join(",", collective.axes());
                totals.merge(
                        op + "/" + axis,
                        new CommunicationTraffic(
                                op, axis, 1, Math.max(in.bytes(), out.bytes()), collective.bytesOnWire(in)),
                        CommunicationTraffic::plus);
            }
        }
        return List.copyOf(totals.values());
    }

    private CommunicationTraffic plus(CommunicationTraffic other) {
        return new CommunicationTraffic(
                op, axis, count + other.count, bytes + other.bytes, wireBytes + other.wireBytes);
    }
}
