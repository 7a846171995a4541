package dev.tartan.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
    @Test
    void everyTaskRunsOnce() {
        for (int numThreads : new int[] {1, 2, 5}) {
            for (int numTasks : new int[] {0, 1, 2, 1000}) {
                AtomicIntegerArray runs = new AtomicIntegerArray(numTasks);
                new Workers(numThreads).run(numTasks, runs::incrementAndGet);
                for (int i = 0; i < numTasks; i++) {
                    assertThat(runs.get(i)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void whatATaskThrowsReachesTheCaller() {
        for (int numThreads : new int[] {1, 2}) {
            assertThatThrownBy(() -> new Workers(numThreads).run(10, task -> {
                        if (task == 7) {
                            throw new IllegalStateException("task 7");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("task 7");
        }
    }

    @Test
    void manyCallersShareTheHelpers() throws InterruptedException {
        Workers workers = new Workers(2);
        AtomicIntegerArray sums = new AtomicIntegerArray(4);
        List<Thread> callers = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
            int index = caller;
            Thread thread = new Thread(() -> {
                for (int repeat = 0; repeat < 200; repeat++) {
                    workers.run(10, task -> sums.addAndGet(index, task));
                }
            });
            thread.start();
            callers.add(thread);
        }
        for (Thread caller : callers) {
            caller.join();
        }
        for (int i = 0; i < 4; i++) {
            assertThat(sums.get(i)).isEqualTo(200 * 45);
        }
    }
}
