package dev.tartan.op.reference;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.Fill;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Iota;
import dev.tartan.op.Pad;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.Reshape;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.util.List;

/** Cases of the ops that move, select or make elements. */
final class ShapeCases {
    private ShapeCases() {}

    static void addTo(List<OpCase> cases, Draw draw) {
        for (long[][] shapes : new long[][][] {
            {{8, 4}, {8, 2, 2}},
            {{8, 2, 2}, {8, 4}},
            {{4, 8}, {32}},
            {{32}, {4, 8}},
            {{2, 12}, {2, 4, 3}},
            {{6, 4}, {4, 6}},
            {{3, 8}, {8, 3}},
            {{4, 1, 2}, {4, 2}},
            {{4}, {1, 4, 1}},
            {{2, 4, 2, 3}, {8, 6}},
            {{1}, {}},
        }) {
            cases.add(new OpCase(new Reshape(shape(shapes[1])), List.of(draw.normal(shapes[0]))));
        }
        cases.add(new OpCase(new Transpose(List.of(1, 0)), List.of(draw.normal(4, 6))));
        cases.add(new OpCase(new Transpose(List.of(0, 2, 1, 3)), List.of(draw.normal(2, 4, 2, 3))));
        cases.add(new OpCase(new Transpose(List.of(2, 0, 1)), List.of(draw.normal(2, 4, 8))));
        cases.add(new OpCase(new BroadcastTo(shape(4, 6)), List.of(draw.normal(6))));
        cases.add(new OpCase(new BroadcastTo(shape(4, 2, 6)), List.of(draw.normal(4, 1, 6))));
        cases.add(new OpCase(new BroadcastTo(shape(4, 4)), List.of(draw.normal())));
        cases.add(new OpCase(new Slice(List.of(0L, 1L), List.of(4L, 3L)), List.of(draw.normal(4, 8))));
        cases.add(new OpCase(new Slice(List.of(2L, 0L, 0L), List.of(4L, 4L, 2L)), List.of(draw.normal(8, 4, 2))));
        cases.add(new OpCase(new Pad(List.of(0L, 1L), List.of(0L, 2L), 0), List.of(draw.normal(4, 4))));
        cases.add(new OpCase(new Pad(List.of(1L, 0L), List.of(3L, 0L), -1.5), List.of(draw.normal(4, 8))));
        cases.add(new OpCase(new Concat(1), List.of(draw.normal(4, 2), draw.normal(4, 4), draw.normal(4, 1))));
        cases.add(new OpCase(new Concat(0), List.of(draw.normal(4, 2, 4), draw.normal(2, 2, 4))));
        for (long[] indices : new long[][] {{}, {8}, {4, 2}}) {
            cases.add(new OpCase(
                    new GatherRows(ShardOffset.ZERO), List.of(draw.normal(8, 4), draw.integers(8, indices))));
            long[] rows = java.util.Arrays.copyOf(indices, indices.length + 1);
            rows[indices.length] = 4;
            cases.add(new OpCase(
                    new ScatterAddRows(8, ShardOffset.ZERO), List.of(draw.integers(8, indices), draw.normal(rows))));
        }
        cases.add(new OpCase(new Fill(Draw.floats(4, 2), -2.5), List.of()));
        cases.add(new OpCase(new Iota(new TensorType(DType.INT32, shape(4, 8)), 0, ShardOffset.ZERO), List.of()));
        cases.add(new OpCase(new Iota(Draw.floats(4, 8), 1, ShardOffset.ZERO), List.of()));
        for (long[] dims : new long[][] {{4, 6}, {8}, {2, 3, 4}}) {
            List<ShardOffset> offsets = java.util.Collections.nCopies(dims.length, ShardOffset.ZERO);
            cases.add(new OpCase(
                    new RandomUniform(Draw.floats(dims), 42, 7, shape(dims), offsets), List.of(draw.integers(99))));
        }
    }
}
