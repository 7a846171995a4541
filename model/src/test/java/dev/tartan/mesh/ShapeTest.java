package dev.tartan.mesh;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void negativeIndicesCountFromTheEnd() {
        assertThat(shape(2, 3, 4).dim(-1)).isEqualTo(4);
        assertThat(shape(2, 3, 4).with(-2, 7)).isEqualTo(shape(2, 7, 4));
    }

    @Test
    void aScalarHasOneElement() {
        assertThat(shape().numElements()).isEqualTo(1);
        assertThat(shape(3, 0).numElements()).isZero();
        assertThat(shape()).hasToString("[]");
    }

    @Test
    void itsArrayIsACopy() {
        Shape shape = shape(2, 3);
        shape.dims()[0] = 9;
        assertThat(shape).isEqualTo(shape(2, 3)).hasSameHashCodeAs(shape(2, 3));
    }

    @Test
    void negativeSizesAreRefused() {
        assertThatThrownBy(() -> shape(2, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shape has a negative dim: dim=1, dimSize=-1. Give sizes of 0 or more.");
    }
}
