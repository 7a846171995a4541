package dev.tartan.backend.host;

import dev.tartan.graph.Op;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A step of a chain with the arrays of the tile that it works on. Operands are read before the first step that takes
 * them, and an array is free again after the last one, so that a long chain needs few and they stay in the first cache.
 *
 * @param loads operands to read first: their arrays, by their index
 * @param arguments the arrays of the arguments
 * @param result the array of the result, which is none of them
 */
record FusedStep(Op op, List<Load> loads, List<Integer> arguments, int result) {
    /** An operand and the array that it is read into. */
    record Load(int operand, int slot) {}

    /** The steps of an op, in order. */
    static List<FusedStep> of(FusedElementwise op) {
        int numValues = op.numOperands() + op.steps().size();
        int[] lastUse = new int[numValues];
        for (int i = 0; i < op.steps().size(); i++) {
            for (int argument : op.steps().get(i).arguments()) {
                lastUse[argument] = i;
            }
        }
        int[] slots = new int[numValues];
        Arrays.fill(slots, -1);
        BitSet taken = new BitSet();
        List<FusedStep> steps = new ArrayList<>();
        for (int i = 0; i < op.steps().size(); i++) {
            FusedElementwise.Step step = op.steps().get(i);
            List<Load> loads = new ArrayList<>();
            for (int argument : step.arguments()) {
                if (slots[argument] < 0) {
                    slots[argument] = take(taken);
                    loads.add(new Load(argument, slots[argument]));
                }
            }
            int result = take(taken);
            slots[op.numOperands() + i] = result;
            List<Integer> arguments =
                    step.arguments().stream().map(argument -> slots[argument]).toList();
            steps.add(new FusedStep(step.op(), loads, arguments, result));
            for (int argument : step.arguments()) {
                if (lastUse[argument] == i) {
                    taken.clear(slots[argument]);
                }
            }
        }
        return steps;
    }

    private static int take(BitSet taken) {
        int slot = taken.nextClearBit(0);
        taken.set(slot);
        return slot;
    }

    void load(List<Floats> operands, int start, int n, Tile tile) {
        for (Load load : loads) {
            ElementwiseKernels.readRepeated(operands.get(load.operand), start, tile.slot(load.slot), n);
        }
    }

    /** Computes the first {@code n} elements of the result; returns its array. */
    float[] run(int n, Tile tile) {
        float[] x = tile.slot(arguments.get(0));
        float[] z = tile.slot(result);
        if (op instanceof Unary unary) {
            ElementwiseKernels.apply(unary.kind(), x, z, n);
        } else if (op instanceof Binary binary) {
            ElementwiseKernels.combine(binary.kind(), x, tile.slot(arguments.get(1)), z, n);
        } else if (op instanceof ScalarBinary scalar) {
            Arrays.fill(tile.a, 0, n, (float) scalar.scalar());
            float[] left = scalar.reversed() ? tile.a : x;
            float[] right = scalar.reversed() ? x : tile.a;
            ElementwiseKernels.combine(scalar.kind(), left, right, z, n);
        } else if (op instanceof AddN) {
            System.arraycopy(x, 0, z, 0, n);
            for (int argument : arguments.subList(1, arguments.size())) {
                RowMath.accumulate(tile.slot(argument), z, n);
            }
        } else if (op instanceof Activate activate) {
            ActivationRows.value(activate.activation(), x, z, n, tile);
        } else if (op instanceof ActivateGrad gradient) {
            float[] dy = tile.slot(arguments.get(1));
            ActivationKernels.gradient(gradient.activation(), x, dy, z, n, tile);
        } else {
            throw new IllegalArgumentException("kernel has no such step: op=" + op + ". Give it a case here.");
        }
        return z;
    }
}
