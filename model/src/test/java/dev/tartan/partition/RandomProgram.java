package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AddN;
import dev.tartan.op.Reshape;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A program of random small ops and collectives on float32 values of a few sizes, without a graph it could stem from:
 * operands that are used again or not, reshapes, states that are replaced, gradients.
 */
public final class RandomProgram {
    private static final int[] SIZES = {8, 24, 64, 104};
    private static final int MOST_ELEMENTS = 512;

    private final Mesh mesh;
    private final Random random;
    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private final List<ProgramPort> inputs = new ArrayList<>();
    private final Map<String, String> replaced = new LinkedHashMap<>();
    private final Program program;

    /** Draws a program for a mesh of axes of two ranks each. */
    public RandomProgram(Mesh mesh, long seed) {
        this.mesh = mesh;
        this.random = new Random(seed);
        int numInputs = 2 + random.nextInt(3);
        for (int i = 0; i < numInputs; i++) {
            int value = value(Shape.shape(SIZES[random.nextInt(SIZES.length)]), List.of());
            inputs.add(port("x" + i, value));
        }
        int numOps = 5 + random.nextInt(30);
        for (int i = 0; i < numOps; i++) {
            randomOp();
        }
        this.program = new Program("random" + seed, mesh, values, instructions, inputs, outputs(), List.of());
        ProgramVerifier.verify(program);
    }

    /** The program; all its collectives block. */
    public Program program() {
        return program;
    }

    /** Output label to the input that it replaces. */
    public Map<String, String> replacedStates() {
        return replaced;
    }

    private void randomOp() {
        int x = whole();
        switch (random.nextInt(9)) {
            case 0 -> emit(new Unary(Unary.Kind.SIN), List.of(), x);
            case 1 -> emit(new Unary(Unary.Kind.COS), List.of(), x);
            case 2 -> emit(new AddN(), List.of(), x, partner(x));
            case 3 -> emit(new Reshape(Shape.shape(2, elements(x) / 2)), List.of(), x);
            case 4 -> emit(new Reshape(Shape.shape(elements(x))), List.of(), x);
            case 5, 6 -> allReduce(x);
            case 7 -> {
                List<String> axis = axis();
                if (2 * elements(x) <= MOST_ELEMENTS) {
                    emit(new AllGather(axis, 2), List.of(), x);
                } else {
                    reduceScatter(x, axis);
                }
            }
            default -> {
                List<String> axis = axis();
                if (random.nextBoolean()) {
                    reduceScatter(x, axis);
                } else {
                    emit(new AllToAll(axis, 2), List.of(), emit(new Reshape(halves(x)), List.of(), x));
                }
            }
        }
    }

    private void allReduce(int x) {
        List<String> axis = axis();
        int addend = emit(new Unary(Unary.Kind.NEG), axis, x);
        emit(new AllReduce(axis, 2, Reduction.SUM), List.of(), addend);
        if (random.nextInt(3) == 0) {
            // The addend is used once more.
            int other = emit(new Unary(Unary.Kind.NEG), axis, addend);
            emit(new AllReduce(axis, 2, Reduction.SUM), List.of(), random.nextBoolean() ? other : addend);
        }
    }

    private void reduceScatter(int x, List<String> axis) {
        int addend = emit(new Unary(Unary.Kind.NEG), axis, emit(new Reshape(halves(x)), List.of(), x));
        emit(new ReduceScatter(axis, 2), List.of(), addend);
        if (random.nextInt(3) == 0) {
            emit(new ReduceScatter(axis, 2), List.of(), addend);
        }
    }

    private Shape halves(int x) {
        return Shape.shape(2, elements(x) / 2);
    }

    /** Of different buffers, none of them an input's. */
    private List<ProgramPort> outputs() {
        List<ProgramPort> outputs = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        inputs.forEach(input -> taken.add(input.value()));
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            int value = whole();
            if (taken.add(reshapedFrom(value))) {
                outputs.add(port("y" + i, value));
            }
        }
        for (ProgramPort input : inputs) {
            List<Integer> sameType = wholes().stream()
                    .filter(value -> !taken.contains(reshapedFrom(value))
                            && typeOf(value).equals(typeOf(input.value())))
                    .toList();
            if (!sameType.isEmpty() && random.nextBoolean()) {
                int value = sameType.get(random.nextInt(sameType.size()));
                taken.add(reshapedFrom(value));
                outputs.add(port("new." + input.name(), value));
                replaced.put("new." + input.name(), input.name());
            }
        }
        return outputs;
    }

    private int reshapedFrom(int value) {
        for (Instruction instruction : instructions) {
            if (instruction.op() instanceof Reshape && instruction.results().contains(value)) {
                return reshapedFrom(instruction.operands().get(0));
            }
        }
        return value;
    }

    /** A value that is no pending sum; half of the time one of the latest. */
    private int whole() {
        List<Integer> all = wholes();
        int from = random.nextBoolean() ? Math.max(0, all.size() - 3) : 0;
        return all.get(from + random.nextInt(all.size() - from));
    }

    private List<Integer> wholes() {
        return values.stream()
                .filter(value ->
                        value.unreduced().isEmpty() && value.type().shape().numElements() % 8 == 0)
                .map(ProgramValue::id)
                .toList();
    }

    private int partner(int x) {
        List<Integer> all =
                wholes().stream().filter(y -> typeOf(y).equals(typeOf(x))).toList();
        return all.get(random.nextInt(all.size()));
    }

    private List<String> axis() {
        List<String> axes = mesh.axisNames();
        return List.of(axes.get(random.nextInt(axes.size())));
    }

    private long elements(int value) {
        return typeOf(value).shape().numElements();
    }

    private TensorType typeOf(int value) {
        return values.get(value).type();
    }

    private ProgramPort port(String name, int value) {
        TensorType type = typeOf(value);
        return new ProgramPort(name, value, type, PartitionSpec.replicated(type.numDims()));
    }

    private int value(Shape shape, List<String> unreduced) {
        values.add(new ProgramValue(values.size(), new TensorType(DType.FLOAT32, shape), "", unreduced));
        return values.size() - 1;
    }

    private int emit(Op op, List<String> unreduced, Integer... operands) {
        List<TensorType> types = List.of(operands).stream().map(this::typeOf).toList();
        int result = value(op.resultTypes(types).get(0).shape(), unreduced);
        boolean gradient = op instanceof Collective && random.nextBoolean();
        instructions.add(TestInstructions.of(op, List.of(operands), List.of(result), gradient, false));
        return result;
    }
}
