package dev.tartan.train.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WorkerThreadTest {
    private final List<Object> done = Collections.synchronizedList(new ArrayList<>());

    @Test
    void finishingWaitsForAllWorkAndKeepsTheInterrupt() {
        WorkerThread worker = new WorkerThread("test");
        CountDownLatch go = new CountDownLatch(1);
        worker.execute(() -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                done.add(e);
            }
            done.add(1);
        });
        worker.execute(() -> done.add(2));
        Thread.currentThread().interrupt();
        go.countDown();
        worker.finish();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(done).containsExactly(1, 2);
    }

    @Test
    void stoppingInterruptsTheWorkAndDropsTheRest() throws InterruptedException {
        WorkerThread worker = new WorkerThread("test");
        CountDownLatch begun = new CountDownLatch(1);
        worker.execute(() -> {
            begun.countDown();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                done.add("interrupted");
            }
        });
        worker.execute(() -> done.add("begun"));
        begun.await();
        worker.stop();
        assertThat(done).containsExactly("interrupted");
    }

    @Test
    void workHasTheClassLoaderOfWhoMadeTheThread() throws Exception {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        ClassLoader own = new ClassLoader(before) {};
        Thread.currentThread().setContextClassLoader(own);
        WorkerThread worker = new WorkerThread("test");
        Thread.currentThread().setContextClassLoader(before);
        worker.submit(() -> done.add(Thread.currentThread().getContextClassLoader()))
                .get();
        worker.finish();
        assertThat(done).containsExactly(own);
    }
}
