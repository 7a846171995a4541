package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KeptSpoolTest {
    private static final SpoolKey KEY = new SpoolKey("app-1", 3, List.of(new RowRun(0, 4, 0, 2)));
    private static final SpoolKey OTHER_RUNS = new SpoolKey("app-1", 3, List.of(new RowRun(4, 8, 1, 2)));
    private static final SpoolKey OTHER_ROWS = new SpoolKey("app-1", 4, List.of(new RowRun(0, 4, 0, 2)));

    @TempDir
    Path folder;

    private final KeptSpool kept = new KeptSpool(Duration.ofHours(1));

    private Spool write() {
        Iterator<byte[]> noChunks = List.<byte[]>of().iterator();
        return Spool.write(new FrameCounts(), List.of(), noChunks, folder, 4096);
    }

    @Test
    void nextRunOnTheSameRowsTakesWhatTheOneBeforeLeft() {
        Spool first = kept.take(KEY, this::write);
        kept.leave(KEY, first);
        Spool second = kept.take(new SpoolKey("app-1", 3, List.of(new RowRun(0, 4, 0, 2))), this::write);
        assertThat(second).isSameAs(first);
        assertThat(second.isClosed()).isFalse();
        // It is in use.
        Spool third = kept.take(KEY, this::write);
        assertThat(third).isNotSameAs(first);
        second.close();
        third.close();
    }

    @Test
    void runOnOtherRowsGivesBackWhatIsKept() {
        for (SpoolKey other : List.of(OTHER_RUNS, OTHER_ROWS)) {
            Spool first = kept.take(KEY, this::write);
            kept.leave(KEY, first);
            Spool second = kept.take(other, this::write);
            assertThat(first.isClosed()).isTrue();
            second.close();
        }
    }

    @Test
    void oneIsKeptAtATime() {
        Spool first = kept.take(KEY, this::write);
        Spool second = kept.take(OTHER_ROWS, this::write);
        kept.leave(KEY, first);
        kept.leave(OTHER_ROWS, second);
        assertThat(first.isClosed()).isTrue();
        assertThat(kept.take(OTHER_ROWS, this::write)).isSameAs(second);
        second.close();
    }

    @Test
    void whatIsDroppedIsGivenBack() {
        Spool spool = kept.take(KEY, this::write);
        kept.leave(KEY, spool);
        kept.drop("app-2", 3);
        kept.drop("app-1", 4);
        assertThat(spool.isClosed()).isFalse();
        kept.drop("app-1", 3);
        assertThat(spool.isClosed()).isTrue();
    }

    @Test
    void whatNobodyWantsForLongIsGivenBack() throws InterruptedException {
        KeptSpool impatient = new KeptSpool(Duration.ofMillis(50));
        Spool spool = impatient.take(KEY, this::write);
        // Longer than it is kept, but in use.
        Thread.sleep(100);
        assertThat(spool.isClosed()).isFalse();
        impatient.leave(KEY, spool);
        await(spool::isClosed);
        Spool next = impatient.take(KEY, this::write);
        assertThat(next).isNotSameAs(spool);
        next.close();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }
}
