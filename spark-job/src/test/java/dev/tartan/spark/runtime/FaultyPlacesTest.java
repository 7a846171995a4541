package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultyPlacesTest {
    private static final ExecutorPlace A = new ExecutorPlace("1", "a", 1, true);
    private static final ExecutorPlace B = new ExecutorPlace("2", "b", 1, true);
    private static final ExecutorPlace A0 = new ExecutorPlace("10", "a", List.of("0"), 1, true);
    private static final ExecutorPlace A1 = new ExecutorPlace("11", "a", List.of("1"), 1, true);

    private static FaultyPlaces knowing(int limit, ExecutorPlace... places) {
        FaultyPlaces faulty = new FaultyPlaces(limit);
        faulty.know(List.of(places));
        return faulty;
    }

    @Test
    void aHostIsExcludedWhenItHasFailedSoOften() {
        FaultyPlaces faulty = knowing(2, A, B);
        faulty.failed(Set.of("1"));
        assertThat(faulty.usable(List.of(A, B))).containsExactly(A, B);
        faulty.failed(Set.of("1"));
        assertThat(faulty.usable(List.of(A, B))).containsExactly(B);
    }

    @Test
    void anotherExecutorOfTheHostIsExcludedToo() {
        ExecutorPlace next = new ExecutorPlace("3", "a", 1, true);
        FaultyPlaces faulty = knowing(2, A, B, next);
        faulty.failed(Set.of("1"));
        faulty.failed(Set.of("3"));
        assertThat(faulty.usable(List.of(new ExecutorPlace("4", "a", 1, true), B)))
                .containsExactly(B);
    }

    @Test
    void theOnlyHostIsUsedHoweverOftenItFails() {
        FaultyPlaces faulty = knowing(1, A);
        faulty.failed(Set.of("1"));
        assertThat(faulty.usable(List.of(A))).containsExactly(A);
    }

    @Test
    void aGpuIsExcludedAloneUnlessOthersOfItsHostFailToo() {
        FaultyPlaces faulty = knowing(2, A0, A1, B);
        faulty.failed(Set.of("10"));
        faulty.failed(Set.of("10"));
        assertThat(faulty.usable(List.of(A0, A1, B))).containsExactly(A1, B);
        faulty.failed(Set.of("11"));
        assertThat(faulty.usable(List.of(A0, A1, B))).containsExactly(B);
    }

    @Test
    void twoExecutorsOfAHostThatFailAtOnceAreOneFailureOfTheHost() {
        ExecutorPlace other = new ExecutorPlace("3", "a", 1, true);
        FaultyPlaces faulty = knowing(2, A, other, B);
        faulty.failed(Set.of("1", "3"));
        assertThat(faulty.usable(List.of(A, other, B))).containsExactly(A, other, B);
    }

    @Test
    void zeroExcludesNothing() {
        FaultyPlaces faulty = knowing(0, A, B);
        faulty.failed(Set.of("1"));
        assertThat(faulty.usable(List.of(A, B))).containsExactly(A, B);
    }

    @Test
    void whoIsNotKnownIsNotBlamed() {
        FaultyPlaces faulty = knowing(1, A, B);
        faulty.failed(Set.of("99"));
        assertThat(faulty.usable(List.of(A, B))).containsExactly(A, B);
    }
}
