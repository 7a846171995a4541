package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import org.junit.jupiter.api.Test;

class FinalFailuresTest {
    @Test
    void aFileClosedByAnInterruptIsNoFailureOfItsOwn() {
        assertThat(FinalFailures.isOfInterrupt(
                        new IllegalArgumentException(new IOException(new ClosedByInterruptException()))))
                .isTrue();
        assertThat(FinalFailures.isOfInterrupt(new InterruptedException())).isTrue();
        assertThat(FinalFailures.isOfInterrupt(new IllegalArgumentException(new IOException("disk is full"))))
                .isFalse();
    }
}
