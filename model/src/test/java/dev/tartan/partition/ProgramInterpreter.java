package dev.tartan.partition;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.op.RankDependentOp;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs a program on all ranks of its mesh in lock-step, in double precision, with the collectives done directly. */
final class ProgramInterpreter {
    private final Program program;
    private final Mesh mesh;
    /** By rank, then by value. */
    private final List<HostTensor[]> held = new ArrayList<>();

    private ProgramInterpreter(Program program) {
        this.program = program;
        this.mesh = program.mesh();
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            held.add(new HostTensor[program.values().size()]);
        }
    }

    /** Whole outputs by label, from whole inputs by name. Checks that ranks which hold the same block agree bitwise. */
    static Map<String, HostTensor> run(Program program, Map<String, HostTensor> inputs) {
        List<Map<String, HostTensor>> shards = new ArrayList<>();
        for (int rank = 0; rank < program.mesh().numRanks(); rank++) {
            Map<String, HostTensor> own = new LinkedHashMap<>();
            for (ProgramPort port : program.inputs()) {
                own.put(port.name(), HostShards.cut(program.mesh(), port.spec(), inputs.get(port.name()), rank));
            }
            shards.add(own);
        }
        List<Map<String, HostTensor>> results = runOnShards(program, shards);
        Map<String, HostTensor> outputs = new LinkedHashMap<>();
        for (ProgramPort port : program.outputs()) {
            List<HostTensor> parts =
                    results.stream().map(own -> own.get(port.name())).toList();
            try {
                outputs.put(port.name(), HostShards.join(program.mesh(), port.spec(), port.global(), parts));
            } catch (AssertionError e) {
                throw new AssertionError("output '" + port.name() + "': " + e.getMessage(), e);
            }
        }
        return outputs;
    }

    /** Each rank's outputs by label, from each rank's inputs by name. */
    static List<Map<String, HostTensor>> runOnShards(Program program, List<Map<String, HostTensor>> inputs) {
        ProgramInterpreter interpreter = new ProgramInterpreter(program);
        for (ProgramPort port : program.inputs()) {
            for (int rank = 0; rank < inputs.size(); rank++) {
                interpreter.put(rank, port.value(), inputs.get(rank).get(port.name()));
            }
        }
        program.instructions().forEach(interpreter::execute);
        List<Map<String, HostTensor>> outputs = new ArrayList<>();
        for (HostTensor[] values : interpreter.held) {
            Map<String, HostTensor> own = new LinkedHashMap<>();
            program.outputs().forEach(port -> own.put(port.name(), values[port.value()]));
            outputs.add(own);
        }
        return outputs;
    }

    private void put(int rank, int value, HostTensor tensor) {
        if (!tensor.type().equals(program.typeOf(value))) {
            throw new AssertionError("value has another type than the program says: value="
                    + program.values().get(value) + ", actual=" + tensor.type());
        }
        held.get(rank)[value] = tensor;
    }

    private void execute(Instruction instruction) {
        if (instruction.op() instanceof Collective collective) {
            int operand = instruction.operands().get(0);
            for (int rank = 0; rank < mesh.numRanks(); rank++) {
                List<HostTensor> group = group(collective, rank).stream()
                        .map(peer -> held.get(peer)[operand])
                        .toList();
                int result = instruction.results().get(0);
                put(rank, result, communicate(collective, group, mesh.indexAlong(rank, collective.axes()), result));
            }
            return;
        }
        if (instruction.op() instanceof Await) {
            return;
        }
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            HostTensor[] values = held.get(rank);
            Op op = instruction.op() instanceof RankDependentOp dependent
                    ? dependent.atRank(mesh, rank)
                    : instruction.op();
            List<HostTensor> results = ReferenceInterpreter.run(
                    op, instruction.operands().stream().map(id -> values[id]).toList());
            for (int i = 0; i < results.size(); i++) {
                put(rank, instruction.results().get(i), results.get(i));
            }
        }
    }

    /** The ranks that differ from {@code rank} along the collective's axes only, in the order of the group. */
    private List<Integer> group(Collective collective, int rank) {
        Integer[] group = new Integer[collective.numRanks()];
        for (int peer = 0; peer < mesh.numRanks(); peer++) {
            int other = peer;
            boolean together = mesh.axisNames().stream()
                    .filter(axis -> !collective.axes().contains(axis))
                    .allMatch(axis -> mesh.coordinate(other, axis) == mesh.coordinate(rank, axis));
            if (together) {
                group[mesh.indexAlong(peer, collective.axes())] = peer;
            }
        }
        return List.of(group);
    }

    private HostTensor communicate(Collective collective, List<HostTensor> group, int position, int result) {
        TensorType type = program.typeOf(result);
        int count = Math.toIntExact(group.get(0).type().shape().numElements());
        int chunk = count / group.size();
        if (collective instanceof AllReduce all) {
            return HostTensor.generate(
                    type,
                    i -> group.stream()
                            .mapToDouble(peer -> peer.data()[i])
                            .reduce((a, b) -> switch (all.reduction()) {
                                case SUM -> a + b;
                                case MAX -> Math.max(a, b);
                                case MIN -> Math.min(a, b);
                            })
                            .getAsDouble());
        }
        if (collective instanceof Permute permute) {
            return group.get(permute.sources().get(position));
        }
        if (collective instanceof AllGather) {
            return HostTensor.generate(type, i -> group.get(i / count).data()[i % count]);
        }
        if (collective instanceof ReduceScatter) {
            return HostTensor.generate(
                    type,
                    i -> group.stream()
                            .mapToDouble(peer -> peer.data()[position * chunk + i])
                            .sum());
        }
        return HostTensor.generate(type, i -> group.get(i / chunk).data()[position * chunk + i % chunk]);
    }
}
