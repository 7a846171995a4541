package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReshapeRuleTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8,64     | 8,4,16   | ([i, (j k)]) -> ([i, j, k]) {i=8, j=4, k=16}",
                "8,4,16   | 8,64     | ([i, j, k]) -> ([i, (j k)]) {i=8, j=4, k=16}",
                "4,8      | 32       | ([i, j]) -> ([(i j)]) {i=4, j=8}",
                "2,4,6    | 8,6      | ([i, j, k]) -> ([(i j), k]) {i=2, j=4, k=6}",
                "12       | 2,3,2    | ([(i j k)]) -> ([i, j, k]) {i=2, j=3, k=2}",
                "4,1,2    | 4,2      | ([i, 1, j]) -> ([i, j]) {i=4, j=2}",
                "4        | 1,4,1    | ([i]) -> ([1, i, 1]) {i=4}",
                "6,4      | 4,6      | ([(i j), m]) -> ([(i k), l]) {i=2, j=3, k=2, l=6, m=4} need_replication={j, k, l, m}",
                "3,8      | 8,3      | ([i, k]) -> ([j, l]) {i=3, j=8, k=8, l=3} need_replication={i, j, k, l}",
                "6,4,5    | 4,6,5    | ([(i j), m, n]) -> ([(i k), l, n]) {i=2, j=3, k=2, l=6, m=4, n=5}"
                        + " need_replication={j, k, l, m}",
            })
    void commonFactorsAreReadFromTheMajorSide(String from, String to, String expected) {
        assertThat(ReshapeRule.of(parse(from), parse(to))).hasToString(expected);
    }

    @Test
    @Timeout(10)
    void nothingIsSplitOfATensorWithoutElements() {
        assertThat(ReshapeRule.of(Shape.shape(0, 4), Shape.shape(0))).hasToString("([1, 1]) -> ([1]) {}");
        assertThat(ReshapeRule.of(Shape.shape(8, 0), Shape.shape(2, 4, 0))).hasToString("([1, 1]) -> ([1, 1, 1]) {}");
    }

    @Test
    @Timeout(10)
    void elementsThatCannotBeCountedAreRefused() {
        assertThatThrownBy(() -> ReshapeRule.of(Shape.shape(1L << 33, 3, 1L << 33), Shape.shape(3, 1L << 33, 1L << 33)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shape has more elements than can be counted: shape=[8589934592, 3, 8589934592]."
                        + " Lower its sizes.");
    }

    private static Shape parse(String dims) {
        return Shape.shape(java.util.Arrays.stream(dims.trim().split(","))
                .mapToLong(Long::parseLong)
                .toArray());
    }
}
