package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WindowTest {
    @Test
    void paddedWindowLeavesOutElementsThatFillNoWindow() {
        assertThat(Window.padded(3, 2, 1, 0).positions(6)).isEqualTo(2);
        assertThat(Window.padded(3, 2, 1, 1).positions(6)).isEqualTo(3);
        assertThat(Window.padded(2, 2, 1, 0).positions(5)).isEqualTo(2);
        assertThat(Window.padded(3, 1, 2, 0).positions(5)).isEqualTo(1);
        assertThat(Window.padded(5, 1, 1, 0).positions(4)).isZero();
        assertThat(Window.padded(5, 1, 1, 0).positions(0)).isZero();
    }

    @Test
    void samePaddingHasItsSmallerHalfFirst() {
        assertThat(Window.same(4, 3, 2, 1)).isEqualTo(new Window(3, 2, 1, 0, 1));
        assertThat(Window.same(5, 3, 2, 1)).isEqualTo(new Window(3, 2, 1, 1, 1));
        assertThat(Window.same(5, 2, 1, 1)).isEqualTo(new Window(2, 1, 1, 0, 1));
        assertThat(Window.same(9, 4, 1, 3)).isEqualTo(new Window(4, 1, 3, 4, 5));
        assertThat(Window.same(6, 1, 3, 1)).isEqualTo(new Window(1, 3, 1, 0, 0));
    }

    @Test
    void samePaddingGivesOnePositionPerStride() {
        for (int in = 1; in < 12; in++) {
            for (int size = 1; size < 5; size++) {
                for (int stride = 1; stride < 5; stride++) {
                    for (int dilation = 1; dilation < 4; dilation++) {
                        Window window = Window.same(in, size, stride, dilation);
                        assertThat(window.positions(in))
                                .as("%s on %d elements", window, in)
                                .isEqualTo((long) Math.ceil(in / (double) stride));
                    }
                }
            }
        }
    }

    @Test
    void fewestElementsHaveThePositionsAndOneFewerHaveNot() {
        for (Window window :
                new Window[] {new Window(3, 2, 1, 1, 0), Window.padded(2, 3, 2, 1), Window.padded(4, 1, 1, 0)}) {
            for (long positions = 2; positions < 6; positions++) {
                long in = window.fewestElements(positions);
                assertThat(window.positions(in)).as("%s", window).isEqualTo(positions);
                assertThat(window.positions(in - 1)).as("%s", window).isEqualTo(positions - 1);
            }
        }
    }

    @Test
    void coveredElementsAreThoseWithinTheDim() {
        Window window = new Window(3, 2, 2, 2, 3);
        assertThat(window.covered(0, 6)).isEqualTo(2);
        assertThat(window.covered(1, 6)).isEqualTo(3);
        assertThat(window.covered(3, 6)).isEqualTo(1);
        assertThat(window.alwaysCovers(6)).isTrue();
        assertThat(new Window(2, 1, 2, 1, 1).alwaysCovers(1)).isFalse();
    }

    @Test
    void impossibleWindowsAreRefused() {
        for (int[] amounts :
                new int[][] {{0, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {1, 1, 0, 0, 0}, {1, 1, 1, -1, 0}, {1, 1, 1, 0, -1}}) {
            assertThatThrownBy(() -> new Window(amounts[0], amounts[1], amounts[2], amounts[3], amounts[4]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("window has an impossible amount: size=" + amounts[0] + ", stride=" + amounts[1]
                            + ", dilation=" + amounts[2] + ", low=" + amounts[3] + ", high=" + amounts[4]
                            + ". Give 1 or more, and 0 or more for the padding.");
        }
        assertThatThrownBy(() -> new NormPool2d(Window2d.square(2, 2, 0), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("pooling has an impossible norm: power=0. Give 1 or more.");
    }
}
