package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReadAheadTest {
    private static BatchSource failing(Throwable failure) {
        return new BatchSource() {
            @Override
            public HostBatch samples(long step, int first, int count) {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) failure;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    /** Spark puts another executor in place of one that has run out of memory, if the error reaches it. */
    @Test
    void anErrorOfTheReaderIsTheRanks() {
        assertFails(new OutOfMemoryError("Java heap space"));
    }

    @Test
    void anExceptionOfTheReaderIsTheRanks() {
        assertFails(new IllegalStateException("unreadable"));
    }

    private static void assertFails(Throwable failure) {
        try (ReadAhead ahead = new ReadAhead(failing(failure), new RankSamples(2, 1, 1), 3)) {
            assertThatThrownBy(() -> ahead.batch(0, 0)).isSameAs(failure);
        }
    }
}
