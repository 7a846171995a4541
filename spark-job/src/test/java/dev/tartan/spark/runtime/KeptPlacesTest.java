package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeptPlacesTest {
    private static List<String> keeping(List<String> before, String... now) {
        return Placement.Placed.in(Arrays.stream(now)
                        .map(id -> new ExecutorPlace(id, "host", 1, true))
                        .toList())
                .keeping(before)
                .places()
                .stream()
                .map(ExecutorPlace::id)
                .toList();
    }

    @Test
    void executorsThatStayKeepTheirTasks() {
        assertThat(keeping(List.of("0", "1", "2"), "1", "2", "3")).containsExactly("3", "1", "2");
        assertThat(keeping(List.of("0", "1", "2"), "2", "1", "0")).containsExactly("0", "1", "2");
    }

    @Test
    void otherNumbersOfExecutorsAreTakenAsTheyAre() {
        assertThat(keeping(List.of(), "1", "2")).containsExactly("1", "2");
        assertThat(keeping(List.of("0", "1", "2"), "2", "1")).containsExactly("2", "1");
        assertThat(keeping(List.of("5"), "4", "5")).containsExactly("5", "4");
        assertThat(keeping(List.of("0"))).isEmpty();
    }
}
