package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.SimpleRnn;
import java.nio.FloatBuffer;
import java.util.List;

/** The outputs of a recurrent layer without gates, float32. */
public final class SimpleRnnRows implements RecurrentStep {
    private final SimpleRnn op;
    private final StepRows rows;
    private final FloatBuffer x;
    private final FloatBuffer firstOutput;
    private final FloatBuffer y;
    private final FloatBuffer z;
    private final FloatBuffer state;
    private final FloatBuffer product;

    /**
     * Reads and writes the op's operands and results.
     *
     * @param state {@code [n, h]}: the output of the step before, left here for the product
     * @param product {@code [n, h]}: that output times the recurrent weights
     */
    public SimpleRnnRows(SimpleRnn op, List<Buffer> operands, List<Buffer> results, Buffer state, Buffer product) {
        this.op = op;
        rows = StepRows.of(results.get(0), op.reverse(), op.masked() ? operands.get(op.maskAt()) : null);
        x = Rows.floats(operands.get(0));
        firstOutput = Rows.floats(operands.get(2));
        y = Rows.floats(results.get(0));
        z = Rows.floats(results.get(1));
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
        rows.loadStep(x, 1, 0, k, begin, count, tile.a);
        rows.load(product, 1, 0, begin, count, tile.b);
        RowMath.accumulate(tile.b, tile.a, n);
        rows.storeStep(tile.a, z, 1, 0, k, begin, count);
        ActivationRows.value(op.activation(), tile.a, tile.b, n, tile);
        rows.clearHidden(k, begin, count, tile.b);
        rows.storeStep(tile.b, y, 1, 0, k, begin, count);
        rows.store(tile.b, state, 1, 0, begin, count);
    }
}
