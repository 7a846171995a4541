package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.Lstm;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The gates, cells and outputs of an LSTM, float32. */
public final class LstmRows implements RecurrentStep {
    private static final int BLOCKS = 4;
    private static final int CANDIDATE = 0;
    private static final int FORGET = 1;
    private static final int OUTPUT = 2;
    private static final int INPUT = 3;
    private static final int NUM_ARRAYS = 9;

    private final Lstm op;
    private final StepRows rows;
    private final FloatBuffer x;
    private final FloatBuffer firstOutput;
    private final FloatBuffer firstCell;
    private final @Nullable FloatBuffer peepholes;
    private final FloatBuffer y;
    private final FloatBuffer c;
    private final FloatBuffer z;
    private final FloatBuffer state;
    private final FloatBuffer product;

    /**
     * Reads and writes the op's operands and results.
     *
     * @param state {@code [n, h]}: the output of the step before, left here for the product
     * @param product {@code [n, 4h]}: that output times the recurrent weights
     */
    public LstmRows(Lstm op, List<Buffer> operands, List<Buffer> results, Buffer state, Buffer product) {
        this.op = op;
        rows = StepRows.of(results.get(0), op.reverse(), op.masked() ? operands.get(op.maskAt()) : null);
        x = Rows.floats(operands.get(0));
        firstOutput = Rows.floats(operands.get(2));
        firstCell = Rows.floats(operands.get(3));
        peepholes = op.peepholes() ? Rows.floats(operands.get(op.peepholesAt())) : null;
        y = Rows.floats(results.get(0));
        c = Rows.floats(results.get(1));
        z = Rows.floats(results.get(2));
        this.state = Rows.floats(state);
        this.product = Rows.floats(product);
    }

    @Override
    public void begin(int begin, int end) {
        int h = rows.width();
        state.put(begin * h, firstOutput, begin * h, (end - begin) * h);
    }

    @Override
    public void run(int k, int begin, int end) {
        int atOnce = rows.samplesAtOnce();
        for (int sample = begin; sample < end; sample += atOnce) {
            runSome(k, sample, Math.min(atOnce, end - sample));
        }
    }

    private void runSome(int k, int begin, int count) {
        int n = count * rows.width();
        Tile tile = Tile.ofLength(n);
        float[][] arrays = StepRows.arrays(NUM_ARRAYS, n);
        float[] cell = arrays[4];
        float[] candidate = arrays[5];
        float[] forget = arrays[6];
        float[] gate = arrays[7];
        float[] work = arrays[8];
        for (int block = 0; block < BLOCKS; block++) {
            rows.loadStep(x, BLOCKS, block, k, begin, count, arrays[block]);
            rows.load(product, BLOCKS, block, begin, count, work);
            RowMath.accumulate(work, arrays[block], n);
        }
        rows.loadBefore(firstCell, c, k, begin, count, cell);
        peep(FORGET, cell, arrays, count, n);
        peep(INPUT, cell, arrays, count, n);
        ActivationRows.value(op.activation(), arrays[CANDIDATE], candidate, n, tile);
        ActivationRows.value(op.gateActivation(), arrays[FORGET], forget, n, tile);
        ActivationRows.value(op.gateActivation(), arrays[INPUT], gate, n, tile);
        nextCell(cell, forget, gate, candidate, n);
        peep(OUTPUT, cell, arrays, count, n);
        ActivationRows.value(op.gateActivation(), arrays[OUTPUT], gate, n, tile);
        ActivationRows.value(op.activation(), cell, work, n, tile);
        RowMath.multiply(gate, work, work, n);
        for (int block = 0; block < BLOCKS; block++) {
            rows.storeStep(arrays[block], z, BLOCKS, block, k, begin, count);
        }
        rows.clearHidden(k, begin, count, cell, work);
        rows.storeStep(cell, c, 1, 0, k, begin, count);
        rows.storeStep(work, y, 1, 0, k, begin, count);
        rows.store(work, state, 1, 0, begin, count);
    }

    /** Adds to the argument of a gate what it sees of the cell. Uses the ninth array. */
    private void peep(int gate, float[] cell, float[][] arrays, int count, int n) {
        if (peepholes != null) {
            rows.repeat(peepholes, gate - FORGET, count, arrays[8]);
            RowMath.accumulateProduct(cell, arrays[8], arrays[gate], n);
        }
    }

    /** cell = forget * cell + input * candidate. */
    static void nextCell(float[] cell, float[] forget, float[] input, float[] candidate, int n) {
        for (int i = 0; i < n; i++) {
            cell[i] = forget[i] * cell[i] + input[i] * candidate[i];
        }
    }
}
