package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The gradients of a recurrent layer without gates, float32. While it runs, the result {@code dy0} holds what comes
 * into an output from the step after it.
 */
public final class SimpleRnnGradRows implements RecurrentStep {
    private final SimpleRnn op;
    private final StepRows rows;
    private final FloatBuffer dy;
    private final FloatBuffer firstOutput;
    private final FloatBuffer y;
    private final FloatBuffer z;
    private final FloatBuffer dx;
    private final FloatBuffer dyNext;
    private final FloatBuffer columns;
    private final FloatBuffer outputsBefore;

    /**
     * Reads and writes the op's operands and results, the gradient of the recurrent weights apart.
     *
     * @param columns {@code [n, h]}: gradients of the columns of one step, left here for the product with the weights
     * @param outputsBefore {@code [n, t, h]}: the output that each step got, left here for the product with dx
     */
    public SimpleRnnGradRows(
            SimpleRnnGrad gradient, List<Buffer> operands, List<Buffer> results, Buffer columns, Buffer outputsBefore) {
        op = gradient.forward();
        rows = StepRows.of(operands.get(0), op.reverse(), op.masked() ? operands.get(gradient.maskAt()) : null);
        dy = Rows.floats(operands.get(0));
        firstOutput = Rows.floats(operands.get(2));
        y = Rows.floats(operands.get(3));
        z = Rows.floats(operands.get(4));
        dx = Rows.floats(results.get(0));
        dyNext = Rows.floats(results.get(2));
        this.columns = Rows.floats(columns);
        this.outputsBefore = Rows.floats(outputsBefore);
    }

    @Override
    public void begin(int begin, int end) {
        StepRows.clear(dyNext, begin * rows.width(), end * rows.width());
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
        rows.loadBefore(firstOutput, y, k, begin, count, tile.a);
        rows.storeStep(tile.a, outputsBefore, 1, 0, k, begin, count);
        rows.loadStep(z, 1, 0, k, begin, count, tile.a);
        ActivationRows.value(op.activation(), tile.a, tile.b, n, tile);
        ActivationRows.slope(op.activation(), tile.a, tile.b, tile.c, n, tile);
        rows.loadStep(dy, 1, 0, k, begin, count, tile.a);
        rows.load(dyNext, 1, 0, begin, count, tile.b);
        RowMath.accumulate(tile.b, tile.a, n);
        RowMath.multiply(tile.a, tile.c, tile.c, n);
        rows.clearHidden(k, begin, count, tile.c);
        rows.storeStep(tile.c, dx, 1, 0, k, begin, count);
        rows.store(tile.c, columns, 1, 0, begin, count);
    }
}
