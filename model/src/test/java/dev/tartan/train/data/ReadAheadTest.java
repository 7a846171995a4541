package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
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

    /** So that one thread need not be woken in each step. */
    @Test
    void smallBatchesAreReadSeveralAtATime() throws InterruptedException {
        assertThat(mostAhead(8)).isEqualTo(8);
    }

    @Test
    void largeBatchesAreReadNoFurtherAheadThanMemoryAllows() throws InterruptedException {
        assertThat(mostAhead(500_000)).isEqualTo(2);
    }

    /** As ranks along model may, which need not wait for each other in every step. */
    @Test
    void aRankThatIsBehindAnotherGetsItsSteps() throws InterruptedException {
        List<Long> read = Collections.synchronizedList(new ArrayList<>());
        try (ReadAhead ahead = new ReadAhead(counting(8, read), new RankSamples(1, 1, 1), 20, false)) {
            for (long step : new long[] {0, 9, 0, 4, 9, 10, 2, 19}) {
                assertThat(ahead.batch(step, 0).tensor("x").floats()[0]).isEqualTo(step);
            }
        }
    }

    /** A thread beside ranks would take turns with one of them. */
    @Test
    void whereCoresAreBusyRanksReadWhatTheyNeedThemselves() throws InterruptedException {
        List<Long> read = Collections.synchronizedList(new ArrayList<>());
        List<Thread> readers = Collections.synchronizedList(new ArrayList<>());
        BatchSource source = counting(8, read, step -> readers.add(Thread.currentThread()));
        try (ReadAhead ahead = new ReadAhead(source, new RankSamples(1, 1, 1), 20, true)) {
            for (long step : new long[] {0, 0, 1, 2, 2, 5, 4}) {
                assertThat(ahead.batch(step, 0).tensor("x").floats()[0]).isEqualTo(step);
            }
        }
        assertThat(read).containsExactly(0L, 1L, 2L, 5L, 4L);
        assertThat(readers).containsOnly(Thread.currentThread());
    }

    /** What waits for a disk or a network does so while ranks compute. */
    @Test
    void whereCoresAreBusySlowSamplesAreReadAheadAfterAWhile() throws InterruptedException {
        List<Long> read = Collections.synchronizedList(new ArrayList<>());
        List<Thread> readers = Collections.synchronizedList(new ArrayList<>());
        long nanos = 2 * ReadingPace.SLOW.toNanos();
        BatchSource source = counting(8, read, step -> {
            readers.add(Thread.currentThread());
            LockSupport.parkNanos(nanos);
        });
        try (ReadAhead ahead = new ReadAhead(source, new RankSamples(1, 1, 1), 20, true)) {
            for (long step = 0; step < 20; step++) {
                assertThat(ahead.batch(step, 0).tensor("x").floats()[0]).isEqualTo(step);
            }
        }
        assertThat(read)
                .containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
        assertThat(readers.subList(0, 16)).containsOnly(Thread.currentThread());
        assertThat(readers.subList(16, 20)).doesNotContain(Thread.currentThread());
    }

    /**
     * Runs 20 steps, each when all that is asked for was read; how many steps there were at most that nobody needed
     * yet.
     */
    private static long mostAhead(int numbers) throws InterruptedException {
        List<Long> read = Collections.synchronizedList(new ArrayList<>());
        BatchSource source = counting(numbers, read);
        long most = 0;
        try (ReadAhead ahead = new ReadAhead(source, new RankSamples(1, 1, 1), 20, false)) {
            for (long step = 0; step < 20; step++) {
                HostBatch unused = ahead.batch(step, 0);
                ahead.awaitIdle();
                most = Math.max(most, read.get(read.size() - 1) - step);
            }
        }
        assertThat(read)
                .containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
        return most;
    }

    /** Samples whose numbers are that of the step. */
    private static BatchSource counting(int numbers, List<Long> read) {
        return counting(numbers, read, step -> {});
    }

    private static BatchSource counting(int numbers, List<Long> read, LongConsumer before) {
        return new BatchSource() {
            @Override
            public HostBatch samples(long step, int first, int count) {
                before.accept(step);
                read.add(step);
                float[] values = new float[count * numbers];
                Arrays.fill(values, step);
                return new HostBatch(Map.of("x", HostTensor.ofFloats(Shape.shape(count, numbers), values)));
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private static void assertFails(Throwable failure) {
        assertFails(failure, false);
        assertFails(failure, true);
    }

    private static void assertFails(Throwable failure, boolean busy) {
        try (ReadAhead ahead = new ReadAhead(failing(failure), new RankSamples(2, 1, 1), 3, busy)) {
            assertThatThrownBy(() -> ahead.batch(0, 0)).isSameAs(failure);
        }
    }
}
