package dev.tartan.spark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.graph.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenFilesTest {
    private static CollectivesPlan plan(CollectiveOp op, int numRanks) {
        return new CollectivesPlan(
                op,
                BenchTransport.TCP,
                numRanks,
                4,
                List.of(4096),
                DType.FLOAT32,
                null,
                false,
                4096,
                1,
                false,
                50,
                0,
                1,
                0);
    }

    @Test
    void whatARankNeedsGrowsWithItsAlgorithmsAndNotWithTheRanks() {
        long few = OpenFiles.needed(plan(CollectiveOp.ALL_REDUCE, 256), 0) / 64;
        long many = OpenFiles.needed(plan(CollectiveOp.ALL_REDUCE, 1024), 0) / 256;
        assertThat(few).isBetween(4L, 16L);
        assertThat(many).isBetween(few, 16L);
        // Each of 64 ranks with each of 192 elsewhere.
        assertThat(OpenFiles.needed(plan(CollectiveOp.ALL_TO_ALL, 256), 0)).isBetween(64L * 192, 64L * 192 + 200);
    }

    @Test
    void aLimitThatIsTooLowIsExplained() {
        CollectivesPlan plan = plan(CollectiveOp.ALL_REDUCE, 1024);
        assertThatCode(() -> OpenFiles.require(plan, 1000, 1000)).doesNotThrowAnyException();
        assertThatThrownBy(() -> OpenFiles.require(plan, 3000, 1024))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a process cannot open as many files as its ranks need: ranks=1024, processes=4,"
                        + " filesNeeded=3000, limit=1024. Raise the limit (ulimit -n), or give fewer --ranks.");
    }
}
