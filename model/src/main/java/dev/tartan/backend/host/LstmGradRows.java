package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of the gates and cells of an LSTM, float32. While it runs, the result {@code dy0} holds what comes into
 * an output from the step after it, and {@code dc0} what comes into a cell.
 */
public final class LstmGradRows implements RecurrentStep {
    private static final int BLOCKS = 4;
    private static final int CANDIDATE = 0;
    private static final int FORGET = 1;
    private static final int OUTPUT = 2;
    private static final int INPUT = 3;
    private static final int PEEPS = 3;
    private static final int NUM_ARRAYS = 18;

    private final Lstm op;
    private final StepRows rows;
    private final int numSamples;
    private final FloatBuffer dy;
    private final @Nullable FloatBuffer dc;
    private final FloatBuffer firstOutput;
    private final FloatBuffer firstCell;
    private final FloatBuffer y;
    private final FloatBuffer c;
    private final FloatBuffer z;
    private final FloatBuffer dx;
    private final FloatBuffer dyNext;
    private final FloatBuffer dcNext;
    private final FloatBuffer columns;
    private final FloatBuffer outputsBefore;
    private final @Nullable Peepholes peepholes;

    /** Peephole weights {@code [3, h]}, their gradient, and the addends of each sample to it {@code [n, 3, h]}. */
    private record Peepholes(FloatBuffer weights, FloatBuffer gradient, FloatBuffer addends) {}

    /**
     * Reads and writes the op's operands and results, the gradient of the recurrent weights apart.
     *
     * @param columns {@code [n, 4h]}: gradients of the columns of one step, left here for the product with the weights
     * @param outputsBefore {@code [n, t, h]}: the output that each step got, left here for the product with dx
     * @param addends {@code [n, 3, h]}: room for each sample's addends to the peepholes' gradient; null without
     */
    public LstmGradRows(
            LstmGrad gradient,
            List<Buffer> operands,
            List<Buffer> results,
            Buffer columns,
            Buffer outputsBefore,
            @Nullable Buffer addends) {
        op = gradient.forward();
        rows = StepRows.of(operands.get(0), op.reverse(), op.masked() ? operands.get(gradient.maskAt()) : null);
        numSamples = Math.toIntExact(operands.get(0).type().shape().dim(0));
        dy = Rows.floats(operands.get(0));
        dc = gradient.throughCells() ? Rows.floats(operands.get(gradient.cellGradientAt())) : null;
        firstOutput = Rows.floats(operands.get(2));
        firstCell = Rows.floats(operands.get(3));
        y = Rows.floats(operands.get(4));
        c = Rows.floats(operands.get(5));
        z = Rows.floats(operands.get(6));
        dx = Rows.floats(results.get(0));
        dyNext = Rows.floats(results.get(2));
        dcNext = Rows.floats(results.get(3));
        this.columns = Rows.floats(columns);
        this.outputsBefore = Rows.floats(outputsBefore);
        peepholes = addends == null
                ? null
                : new Peepholes(
                        Rows.floats(operands.get(gradient.peepholesAt())),
                        Rows.floats(results.get(4)),
                        Rows.floats(addends));
    }

    @Override
    public void begin(int begin, int end) {
        int h = rows.width();
        StepRows.clear(dyNext, begin * h, end * h);
        StepRows.clear(dcNext, begin * h, end * h);
        if (peepholes != null) {
            StepRows.clear(peepholes.addends, begin * PEEPS * h, end * PEEPS * h);
        }
    }

    @Override
    public void run(int k, int begin, int end) {
        int atOnce = rows.samplesAtOnce();
        for (int sample = begin; sample < end; sample += atOnce) {
            runSome(k, sample, Math.min(atOnce, end - sample));
        }
    }

    private void runSome(int k, int begin, int count) {
        Work work = new Work(count * rows.width());
        rows.loadBefore(firstOutput, y, k, begin, count, work.addend);
        rows.storeStep(work.addend, outputsBefore, 1, 0, k, begin, count);
        load(work, k, begin, count);
        work.forwardAgain(op);
        backward(work, count);
        float[][] d = work.gradients;
        rows.clearHidden(k, begin, count, d[CANDIDATE], d[FORGET], d[OUTPUT], d[INPUT], work.dc);
        if (peepholes != null) {
            addPeepholes(work, peepholes, begin, count);
        }
        for (int block = 0; block < BLOCKS; block++) {
            rows.storeStep(d[block], dx, BLOCKS, block, k, begin, count);
            rows.store(d[block], columns, BLOCKS, block, begin, count);
        }
        rows.store(work.dc, dcNext, 1, 0, begin, count);
    }

    private void load(Work work, int k, int begin, int count) {
        for (int block = 0; block < BLOCKS; block++) {
            rows.loadStep(z, BLOCKS, block, k, begin, count, work.sums[block]);
        }
        rows.loadBefore(firstCell, c, k, begin, count, work.before);
        rows.loadStep(dy, 1, 0, k, begin, count, work.dy);
        rows.load(dyNext, 1, 0, begin, count, work.addend);
        RowMath.accumulate(work.addend, work.dy, work.n);
        rows.load(dcNext, 1, 0, begin, count, work.dc);
        if (dc != null) {
            rows.loadStep(dc, 1, 0, k, begin, count, work.addend);
            RowMath.accumulate(work.addend, work.dc, work.n);
        }
    }

    /** Gradients of the columns; {@code dc} of the work becomes that of the cell before. */
    private void backward(Work work, int count) {
        work.throughSlope(op.gateActivation(), OUTPUT, work.dy, work.squashed);
        work.throughSquash(op.activation());
        peep(work, OUTPUT, count);
        work.throughSlope(op.activation(), CANDIDATE, work.dc, work.gates[INPUT]);
        work.throughSlope(op.gateActivation(), FORGET, work.dc, work.before);
        work.throughSlope(op.gateActivation(), INPUT, work.dc, work.gates[CANDIDATE]);
        RowMath.multiply(work.dc, work.gates[FORGET], work.dc, work.n);
        peep(work, FORGET, count);
        peep(work, INPUT, count);
    }

    /** Adds to a cell's gradient what comes through the peephole of a gate. */
    private void peep(Work work, int gate, int count) {
        if (peepholes != null) {
            rows.repeat(peepholes.weights, gate - FORGET, count, work.addend);
            RowMath.accumulateProduct(work.gradients[gate], work.addend, work.dc, work.n);
        }
    }

    /** Adds what one step of some samples gives to their addends. */
    private void addPeepholes(Work work, Peepholes into, int begin, int count) {
        for (int gate = FORGET; gate <= INPUT; gate++) {
            rows.load(into.addends, PEEPS, gate - FORGET, begin, count, work.addend);
            float[] seen = gate == OUTPUT ? work.cell : work.before;
            RowMath.accumulateProduct(work.gradients[gate], seen, work.addend, work.n);
            rows.store(work.addend, into.addends, PEEPS, gate - FORGET, begin, count);
        }
    }

    @Override
    public void finish() {
        if (peepholes == null) {
            return;
        }
        int length = PEEPS * rows.width();
        float[][] arrays = StepRows.arrays(2, length);
        Arrays.fill(arrays[0], 0, length, 0);
        for (int sample = 0; sample < numSamples; sample++) {
            peepholes.addends.get(sample * length, arrays[1], 0, length);
            RowMath.accumulate(arrays[1], arrays[0], length);
        }
        peepholes.gradient.put(0, arrays[0], 0, length);
    }

    /** The arrays of one step of some samples, {@code n} elements each. */
    private static final class Work {
        final int n;
        final Tile tile;
        final float[][] sums;
        final float[][] gates;
        final float[][] gradients;
        final float[] addend;
        final float[] before;
        final float[] cell;
        final float[] squashed;
        final float[] dy;
        final float[] dc;

        Work(int n) {
            this.n = n;
            tile = Tile.ofLength(n);
            float[][] arrays = StepRows.arrays(NUM_ARRAYS, n);
            sums = Arrays.copyOfRange(arrays, 0, 4);
            gates = Arrays.copyOfRange(arrays, 4, 8);
            gradients = Arrays.copyOfRange(arrays, 8, 12);
            addend = arrays[12];
            before = arrays[13];
            cell = arrays[14];
            squashed = arrays[15];
            dy = arrays[16];
            dc = arrays[17];
        }

        /** Gates and cell from what was kept; kept cells are masked, and this one is not. */
        void forwardAgain(Lstm op) {
            ActivationRows.value(op.activation(), sums[CANDIDATE], gates[CANDIDATE], n, tile);
            for (int gate = FORGET; gate <= INPUT; gate++) {
                ActivationRows.value(op.gateActivation(), sums[gate], gates[gate], n, tile);
            }
            System.arraycopy(before, 0, cell, 0, n);
            LstmRows.nextCell(cell, gates[FORGET], gates[INPUT], gates[CANDIDATE], n);
            ActivationRows.value(op.activation(), cell, squashed, n, tile);
        }

        /** Adds to the cell's gradient what comes through the output. */
        void throughSquash(Activation activation) {
            ActivationRows.slope(activation, cell, squashed, addend, n, tile);
            addProduct(dy, gates[OUTPUT], addend, dc, n);
        }

        /** The gradient of a column block is d * factor * the slope of its activation. */
        void throughSlope(Activation activation, int block, float[] d, float[] factor) {
            ActivationRows.slope(activation, sums[block], gates[block], gradients[block], n, tile);
            multiplyBoth(gradients[block], d, factor, n);
        }
    }

    private static void multiplyBoth(float[] x, float[] by, float[] andBy, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= by[i] * andBy[i];
        }
    }

    private static void addProduct(float[] a, float[] b, float[] c, float[] total, int n) {
        for (int i = 0; i < n; i++) {
            total[i] += a[i] * b[i] * c[i];
        }
    }
}
