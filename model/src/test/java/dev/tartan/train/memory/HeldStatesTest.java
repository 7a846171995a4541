package dev.tartan.train.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.graph.TensorType;
import dev.tartan.train.checkpoint.RunProgress;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HeldStatesTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final HeldStates held = HeldStates.ofJvm();
    private final String run = "run " + UUID.randomUUID();

    private static final class CountedArena implements Arena {
        private final CountDownLatch freed = new CountDownLatch(1);

        @Override
        public long bytes() {
            return 64;
        }

        @Override
        public Buffer buffer(TensorType type, long offsetBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            assertThat(isFreed()).as("freed twice").isFalse();
            freed.countDown();
        }

        boolean isFreed() {
            return freed.getCount() == 0;
        }
    }

    private AttemptPlace attempt(int number) {
        return new AttemptPlace(run, "a", number);
    }

    private CountedArena hold(AttemptPlace owner, String layout, Duration limit) {
        CountedArena arena = new CountedArena();
        HeldState state = new HeldState(0, new RunProgress(3, -1, 1, 1, 0, null), true);
        held.hold(new HeldProcess(owner, 3, layout, List.of(new HeldRank(state, arena)), new RecentSteps(0)), limit);
        return arena;
    }

    @BeforeEach
    void begin() {
        held.begin(attempt(0), "layout", LONG);
    }

    @AfterEach
    void freeAll() {
        held.begin(new AttemptPlace("after " + run, "a", 0), "", LONG);
        assertThat(held.numRanks()).isZero();
    }

    @Test
    void theNextAttemptTakesWhatTheLastOneLeft() {
        CountedArena arena = hold(attempt(0), "layout", LONG);
        held.begin(attempt(1), "layout", LONG);
        assertThat(held.process(attempt(1))).hasValue(3);
        HeldProcess taken = held.take(attempt(1));
        assertThat(held.process(attempt(1))).isEmpty();
        assertThat(taken).isNotNull();
        assertThat(taken.ranks().get(0).arena()).isSameAs(arena);
        assertThat(held.take(attempt(1))).isNull();
        assertThat(arena.isFreed()).isFalse();
    }

    @Test
    void whatOtherPlansOrRunsLeftIsFreedWhenOneBegins() {
        CountedArena otherLayout = hold(attempt(0), "layout", LONG);
        CountedArena otherPlace = hold(new AttemptPlace(run, "b", 0), "layout", LONG);
        held.begin(attempt(1), "smaller", LONG);
        assertThat(otherLayout.isFreed()).isTrue();
        assertThat(otherPlace.isFreed()).isFalse();
        held.begin(new AttemptPlace("other " + run, "a", 0), "layout", LONG);
        assertThat(otherPlace.isFreed()).isTrue();
    }

    @Test
    void onlyTheLatestAttemptsIsKept() {
        CountedArena first = hold(attempt(0), "layout", LONG);
        CountedArena second = hold(attempt(1), "layout", LONG);
        assertThat(first.isFreed()).isTrue();
        held.begin(attempt(2), "layout", LONG);
        assertThat(second.isFreed()).isFalse();
        assertThat(hold(attempt(1), "layout", LONG).isFreed()).as("late").isTrue();
    }

    @Test
    void nothingIsHeldForARunAfterAnotherHasBegun() {
        held.begin(new AttemptPlace("other " + run, "a", 0), "layout", LONG);
        assertThat(hold(attempt(0), "layout", LONG).isFreed()).isTrue();
    }

    @Test
    void whatNobodyTakesIsFreedInTime() throws InterruptedException {
        CountedArena arena = hold(attempt(0), "layout", Duration.ofMillis(50));
        assertThat(arena.freed.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(held.take(attempt(1))).isNull();
    }

    @Test
    void anAttemptThatBeginsHoldsItOnUntilItTakesIt() throws InterruptedException {
        CountedArena arena = hold(attempt(0), "layout", Duration.ofMillis(300));
        held.begin(attempt(1), "layout", LONG);
        assertThat(arena.freed.await(600, TimeUnit.MILLISECONDS)).isFalse();
        HeldProcess taken = held.take(attempt(1));
        assertThat(taken).isNotNull();
        taken.free();
    }
}
