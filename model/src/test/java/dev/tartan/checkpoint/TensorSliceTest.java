package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorSliceTest {
    @Test
    void columnsAreOneRunPerRow() {
        assertThat(runs(TensorSlice.of(new long[] {0, 2}, new long[] {3, 2}), 3, 6))
                .containsExactly("2->0 x2", "8->2 x2", "14->4 x2");
    }

    @Test
    void rowsAreOneRun() {
        assertThat(runs(TensorSlice.of(new long[] {1, 0, 0}, new long[] {2, 6, 2}), 4, 6, 2))
                .containsExactly("12->0 x24");
    }

    @Test
    void middleDimOfThreeIsOneRunPerOuterIndex() {
        assertThat(runs(TensorSlice.of(new long[] {0, 1, 0}, new long[] {2, 2, 5}), 2, 4, 5))
                .containsExactly("5->0 x10", "25->10 x10");
    }

    @Test
    void scalarIsOneElement() {
        assertThat(runs(TensorSlice.whole(Shape.shape()))).containsExactly("0->0 x1");
    }

    @Test
    void emptyBoxHasNoRuns() {
        assertThat(runs(TensorSlice.of(new long[] {1, 1}, new long[] {0, 2}), 3, 3))
                .isEmpty();
    }

    @Test
    void runsCoverEveryBoxOfAThreeDimTensorInOrder() {
        Shape whole = Shape.shape(3, 2, 4);
        for (int a = 0; a < 3; a++) {
            for (int b = 0; b < 2; b++) {
                for (int c = 0; c < 4; c++) {
                    TensorSlice slice = TensorSlice.of(new long[] {a, b, c}, new long[] {3 - a, 2 - b, 4 - c});
                    List<Long> expected = new ArrayList<>();
                    for (long i = a; i < 3; i++) {
                        for (long j = b; j < 2; j++) {
                            for (long k = c; k < 4; k++) {
                                expected.add((i * 2 + j) * 4 + k);
                            }
                        }
                    }
                    List<Long> visited = new ArrayList<>();
                    slice.forEachRun(whole, (wholeOffset, boxOffset, numElements) -> {
                        assertThat(boxOffset).isEqualTo(visited.size());
                        for (long element = 0; element < numElements; element++) {
                            visited.add(wholeOffset + element);
                        }
                    });
                    assertThat(visited).as("%s", slice).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void boxesThatOnlyTouchDoNotOverlap() {
        TensorSlice left = TensorSlice.of(new long[] {0, 0}, new long[] {4, 2});
        TensorSlice right = TensorSlice.of(new long[] {0, 2}, new long[] {4, 2});
        assertThat(left.overlaps(right)).isFalse();
        assertThat(left.overlaps(TensorSlice.of(new long[] {3, 1}, new long[] {1, 2})))
                .isTrue();
    }

    @Test
    void withinChecksDimsAndBounds() {
        TensorSlice slice = TensorSlice.of(new long[] {2}, new long[] {3});
        assertThat(slice.isWithin(Shape.shape(5))).isTrue();
        assertThat(slice.isWithin(Shape.shape(4))).isFalse();
        assertThat(slice.isWithin(Shape.shape(5, 1))).isFalse();
    }

    @Test
    void negativeStartIsRejected() {
        assertThatThrownBy(() -> TensorSlice.of(new long[] {-1}, new long[] {3}))
                .hasMessage("tensor slice is negative: dim=0, start=-1, size=3. Give 0 or more.");
    }

    @Test
    void printsHalfOpenRanges() {
        assertThat(TensorSlice.of(new long[] {0, 16}, new long[] {4, 16})).hasToString("[0:4, 16:32]");
    }

    private static List<String> runs(TensorSlice slice, long... dims) {
        List<String> runs = new ArrayList<>();
        slice.forEachRun(
                Shape.shape(dims),
                (wholeOffset, boxOffset, numElements) -> runs.add(wholeOffset + "->" + boxOffset + " x" + numElements));
        return runs;
    }
}
