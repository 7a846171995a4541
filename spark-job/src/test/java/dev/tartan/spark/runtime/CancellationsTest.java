package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class CancellationsTest {
    @Test
    void whoCancelledIsReadFromSparksMessages() {
        assertThat(bySpark("Job 3 cancelled part of cancelled job group g 1"))
                .isEqualTo("job group 'g 1' was cancelled");
        assertThat(bySpark("Job 3 cancelled as part of cancellation of all jobs"))
                .isEqualTo("all jobs of the session were cancelled");
        assertThat(bySpark("Job 12 cancelled because Stage 5 was cancelled"))
                .isEqualTo("Spark cancelled the job because Stage 5 was cancelled");
        assertThat(bySpark("Job 12 cancelled ")).isEqualTo("Spark cancelled the job ");
    }

    @Test
    void otherFailuresAreNone() {
        assertThat(bySpark("Job aborted due to stage failure: a message says Job 3 cancelled by hand"))
                .isNull();
        assertThat(Cancellations.bySpark(new IllegalStateException())).isNull();
    }

    private static String bySpark(String message) {
        return Cancellations.bySpark(new ExecutionException("Exception thrown by job", new RuntimeException(message)));
    }
}
