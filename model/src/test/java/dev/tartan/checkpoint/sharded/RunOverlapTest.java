package dev.tartan.checkpoint.sharded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunOverlapTest {
    @Test
    void columnsAreRunsOfTheirWidth() {
        BoxRuns runs =
                new BoxRuns(Shape.shape(4, 6), TensorSlice.of(new long[] {0, 2}, new long[] {4, 2}), Shape.shape(4, 2));
        List<List<Long>> seen = new ArrayList<>();
        while (!runs.isDone()) {
            seen.add(List.of(runs.wholeOffset(), runs.localOffset(), runs.length()));
            runs.pass(runs.length());
        }
        assertThat(seen)
                .containsExactly(List.of(2L, 0L, 2L), List.of(8L, 2L, 2L), List.of(14L, 4L, 2L), List.of(20L, 6L, 2L));
    }

    @Test
    void rowsAreOneRunIfTheArrayIsNotPadded() {
        TensorSlice rows = TensorSlice.of(new long[] {1, 0}, new long[] {2, 6});
        assertThat(new BoxRuns(Shape.shape(4, 6), rows, Shape.shape(2, 6)).length())
                .isEqualTo(12);
        assertThat(new BoxRuns(Shape.shape(4, 6), rows, Shape.shape(2, 8)).length())
                .isEqualTo(6);
    }

    @Test
    void aBoxOutsideIsRefused() {
        assertThatThrownBy(() -> new BoxRuns(
                        Shape.shape(4, 6), TensorSlice.of(new long[] {3, 0}, new long[] {2, 6}), Shape.shape(2, 6)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("box does not fit: box=[3:5, 0:6], tensor=[4, 6], array=[2, 6]. Give a box within both.");
    }

    /** Every element says its own place, so that a copy by overlaps is right or shows. */
    @Test
    void overlapsCopyWhatBothHaveWhateverTheirViews() {
        Random random = new Random(7);
        for (int round = 0; round < 3000; round++) {
            Shape[] views = views(random);
            Shape from = views[random.nextInt(views.length)];
            Shape to = views[random.nextInt(views.length)];
            TensorSlice source = box(random, from);
            TensorSlice target = box(random, to);
            Shape array = padded(random, target.shape());
            long[] stored = filled(from, source, source.shape());
            long[] wanted = new long[(int) array.numElements()];
            long[] got = new long[wanted.length];
            java.util.Set<Long> held = new java.util.HashSet<>();
            for (long value : stored) {
                held.add(value);
            }
            long shared = 0;
            BoxRuns all = new BoxRuns(to, target, array);
            while (!all.isDone()) {
                if (held.contains(all.wholeOffset() + 1)) {
                    wanted[(int) all.localOffset()] = all.wholeOffset() + 1;
                    shared++;
                }
                all.pass(1);
            }
            long told = RunOverlap.visit(
                    new BoxRuns(from, source, source.shape()),
                    new BoxRuns(to, target, array),
                    (at, into, count) -> System.arraycopy(stored, (int) at, got, (int) into, (int) count));
            String what = from + " " + source + " to " + to + " " + target + " in " + array;
            assertThat(got).as(what).isEqualTo(wanted);
            assertThat(told).as(what).isEqualTo(shared);
        }
    }

    private static Shape[] views(Random random) {
        long a = 1L + random.nextInt(4);
        long b = 1L + random.nextInt(4);
        long c = 1L + random.nextInt(4);
        return new Shape[] {
            Shape.shape(a, b, c),
            Shape.shape(a * b, c),
            Shape.shape(a, b * c),
            Shape.shape(a * b * c),
            Shape.shape(c, b, a)
        };
    }

    private static TensorSlice box(Random random, Shape view) {
        long[] starts = new long[view.numDims()];
        long[] sizes = new long[view.numDims()];
        for (int dim = 0; dim < starts.length; dim++) {
            starts[dim] = random.nextInt((int) view.dim(dim));
            sizes[dim] = random.nextBoolean()
                    ? view.dim(dim) - starts[dim]
                    : random.nextInt((int) (view.dim(dim) - starts[dim]) + 1);
        }
        return TensorSlice.of(starts, sizes);
    }

    private static Shape padded(Random random, Shape shape) {
        Shape padded = shape;
        for (int dim = 0; dim < shape.numDims(); dim++) {
            padded = padded.with(dim, shape.dim(dim) + random.nextInt(2));
        }
        return padded;
    }

    private static long[] filled(Shape view, TensorSlice box, Shape array) {
        long[] values = new long[(int) array.numElements()];
        BoxRuns runs = new BoxRuns(view, box, array);
        while (!runs.isDone()) {
            values[(int) runs.localOffset()] = runs.wholeOffset() + 1;
            runs.pass(1);
        }
        return values;
    }
}
