package dev.tartan.plan;

import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Cast;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.EinsumEpilogue.Kind;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import dev.tartan.partition.Await;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramValue;
import dev.tartan.partition.ProgramVerifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Joins a matrix product with the bias that is added to it, and with the sum of one of its operands along the dims that
 * it sums, as the gradients of a weight and of its bias are. Both are done at the place of the product, or where the
 * bias is added if it is made ready between. A partial sum that is yet to be reduced gets no bias.
 *
 * <pre>
 * %4:f32[8, 6] = einsum "ik,kj->ij" (%1, %2)
 * %5:f32[8, 6] = add (%4, %3)                 ->  %5:f32[8, 6] = einsum+bias "ik,kj->ij" (%1, %2, %3)
 * ...
 * %9:f32[7, 6] = einsum "ik,ij->kj" (%1, %8)
 * %10:f32[6] = reduce_sum [0] (%8)            ->  %9:f32[7, 6], %10:f32[6] = einsum+right_sum "ik,ij->kj" (%1, %8)
 * </pre>
 */
public final class FuseProductEpilogues {
    /** System property of whoever compiles: {@code false} leaves products as they are on any device. */
    public static final String PROPERTY = "tartan.productEpilogues";

    private final Program program;
    private final List<Instruction> instructions;
    /** By value: the instruction from which on it may be read; -1 for inputs. */
    private final int[] readableFrom;
    /** By value: the one whose memory it is, which a reshape does not copy. */
    private final int[] owners;
    /** By value: those that read it. */
    private final Map<Integer, List<Integer>> readers = new HashMap<>();

    private final Set<Integer> outputs = new HashSet<>();
    /** By the instruction in whose place it is. */
    private final Map<Integer, Instruction> fused = new HashMap<>();
    /** Instructions that are part of one elsewhere. */
    private final Set<Integer> joined = new HashSet<>();

    private FuseProductEpilogues(Program program) {
        this.program = program;
        this.instructions = program.instructions();
        readableFrom = new int[program.values().size()];
        owners = new int[readableFrom.length];
        Arrays.fill(readableFrom, -1);
        Arrays.setAll(owners, i -> i);
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            for (int operand : instruction.operands()) {
                readers.computeIfAbsent(operand, key -> new ArrayList<>()).add(i);
                if (instruction.op() instanceof Await) {
                    readableFrom[operand] = i;
                }
            }
            for (int result : instruction.results()) {
                readableFrom[result] = i;
                if (instruction.op() instanceof Reshape) {
                    owners[result] = owners[instruction.operands().get(0)];
                }
            }
        }
        program.outputs().stream().map(ProgramPort::value).forEach(outputs::add);
    }

    /**
     * The program with epilogues, if devices have them and {@link #PROPERTY} does not forbid it; those are left out
     * whose plan needed more memory or copies.
     *
     * @param planner plans the memory of a program
     */
    public static Program run(Program program, DeviceTraits traits, Function<Program, MemoryPlan> planner) {
        boolean wanted = !"false".equals(System.getProperty(PROPERTY));
        if (!wanted || !traits.profile().productEpilogues()) {
            return program;
        }
        FuseProductEpilogues biases = new FuseProductEpilogues(program);
        biases.fuseBiases();
        FuseProductEpilogues sums = new FuseProductEpilogues(biases.result(planner));
        sums.fuseSums();
        return sums.result(planner);
    }

    /** The program with what was fused, unless its plan needs more. */
    private Program result(Function<Program, MemoryPlan> planner) {
        if (fused.isEmpty()) {
            return program;
        }
        Program after = rewrite();
        ProgramVerifier.verify(after);
        return planner.apply(after).isNoWorseThan(planner.apply(program)) ? after : program;
    }

    private void fuseBiases() {
        for (int i = 0; i < instructions.size(); i++) {
            Einsum product = productAt(i);
            if (product != null) {
                fuseBias(i, new EinsumEpilogue(product, Kind.BIAS));
            }
        }
    }

    private void fuseSums() {
        for (int i = 0; i < instructions.size(); i++) {
            Einsum product = productAt(i);
            if (product != null && !fuseSum(i, new EinsumEpilogue(product, Kind.RIGHT_SUM), 1)) {
                fuseSum(i, new EinsumEpilogue(product, Kind.LEFT_SUM), 0);
            }
        }
    }

    private @Nullable Einsum productAt(int index) {
        Instruction instruction = instructions.get(index);
        if (!(instruction.op() instanceof Einsum product) || !EinsumEpilogue.fits(product)) {
            return null;
        }
        TensorType type = type(instruction.results().get(0));
        boolean hasKernel = type.dtype() == DType.FLOAT32 || type.dtype() == DType.BFLOAT16;
        boolean isEmpty = instruction.operands().stream()
                .anyMatch(operand -> type(operand).shape().numElements() == 0);
        return hasKernel && !isEmpty ? product : null;
    }

    private void fuseBias(int index, EinsumEpilogue op) {
        Instruction product = instructions.get(index);
        int made = product.results().get(0);
        List<Integer> reading = readers.getOrDefault(made, List.of());
        if (reading.size() != 1 || outputs.contains(made)) {
            return;
        }
        Instruction sum = instructions.get(reading.get(0));
        if (!sum.op().equals(new Binary(BinaryKind.ADD)) || !isPlain(made) || !isOfSamePhase(product, sum)) {
            return;
        }
        int bias = sum.operands().get(sum.operands().get(0) == made ? 1 : 0);
        boolean isBias = type(bias).equals(op.vectorType(program.typesOf(product.operands())))
                && type(sum.results().get(0)).equals(type(made))
                && program.values().get(bias).unreduced().isEmpty();
        if (!isBias) {
            return;
        }
        List<Integer> operands = new ArrayList<>(product.operands());
        operands.add(bias);
        Instruction both = new Instruction(op, operands, sum.results(), product.origin());
        if (Math.max(readableFrom[bias], readableFrom[owners[bias]]) < index) {
            join(index, both, reading.get(0));
        } else if (canPass(index, reading.get(0))) {
            join(reading.get(0), both, index);
        }
    }

    /**
     * Whether a product may as well be made after what follows it: a parameter is cast or laid out there for its use.
     */
    private boolean canPass(int index, int reader) {
        return instructions.subList(index + 1, reader).stream()
                .allMatch(between -> isOfSamePhase(instructions.get(index), between)
                        && (between.op() instanceof Cast
                                || between.op() instanceof Reshape
                                || between.op() instanceof Slice
                                || between.op() instanceof Transpose)
                        && Collections.disjoint(between.results(), outputs));
    }

    /** Whether a value may go: it is neither a pending sum nor a gradient that is accounted for. */
    private boolean isPlain(int value) {
        ProgramValue made = program.values().get(value);
        return made.unreduced().isEmpty() && !made.gradient();
    }

    private boolean fuseSum(int index, EinsumEpilogue op, int side) {
        Instruction product = instructions.get(index);
        int operand = product.operands().get(side);
        Reduce wanted = new Reduce(Reduction.SUM, op.summedDims());
        TensorType vector = op.vectorType(program.typesOf(product.operands()));
        for (int reader : readers.getOrDefault(operand, List.of())) {
            Instruction sum = instructions.get(reader);
            if (sum.op().equals(wanted)
                    && !joined.contains(reader)
                    && type(sum.results().get(0)).equals(vector)
                    && isOfSamePhase(product, sum)
                    && isReadAfter(sum.results().get(0), index)) {
                List<Integer> results =
                        List.of(product.results().get(0), sum.results().get(0));
                join(index, new Instruction(op, product.operands(), results, product.origin()), reader);
                return true;
            }
        }
        return false;
    }

    private boolean isReadAfter(int value, int index) {
        return readers.getOrDefault(value, List.of()).stream().allMatch(reader -> reader > index);
    }

    private static boolean isOfSamePhase(Instruction one, Instruction other) {
        return one.origin().phase() == other.origin().phase();
    }

    private void join(int place, Instruction both, int other) {
        fused.put(place, both);
        joined.add(other);
    }

    private TensorType type(int value) {
        return program.typeOf(value);
    }

    private Program rewrite() {
        List<Instruction> rewritten = new ArrayList<>();
        for (int i = 0; i < instructions.size(); i++) {
            if (!joined.contains(i)) {
                rewritten.add(fused.getOrDefault(i, instructions.get(i)));
            }
        }
        return program.withInstructions(rewritten);
    }
}
