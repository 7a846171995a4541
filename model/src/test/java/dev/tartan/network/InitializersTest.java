package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InitializersTest {
    private static final int COUNT = 100_000;
    /** Of a standard normal number that is at most 2 away from 0. */
    private static final double TRUNCATED_DEVIATION = 0.8796;

    @Test
    void truncatedNormalNumbersAreWithinTwoDeviations() {
        Initializer.Elements numbers = Initializers.truncatedNormal(0.5).elements(shape(COUNT), 3, 7);
        double sum = 0;
        double squares = 0;
        double largest = 0;
        for (long i = 0; i < COUNT; i++) {
            double number = numbers.at(i);
            sum += number;
            squares += number * number;
            largest = Math.max(largest, Math.abs(number));
        }
        assertThat(largest).isLessThanOrEqualTo(1).isGreaterThan(0.99);
        assertThat(sum / COUNT).isCloseTo(0, within(0.01));
        assertThat(Math.sqrt(squares / COUNT)).isCloseTo(0.5 * TRUNCATED_DEVIATION, within(0.005));
    }
}
