package dev.tartan.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WorkersLoaderTest {
    @Test
    void helpersDoNotKeepTheClassLoaderOfTheTaskThatStartsThem() throws Exception {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Set<ClassLoader> loaders = ConcurrentHashMap.newKeySet();
        try (URLClassLoader ofTask = new URLClassLoader(new URL[0], before)) {
            Thread.currentThread().setContextClassLoader(ofTask);
            CountDownLatch bothRun = new CountDownLatch(2);
            new Workers(2).run(2, task -> {
                bothRun.countDown();
                awaitQuietly(bothRun);
                loaders.add(Thread.currentThread().getContextClassLoader());
            });
            assertThat(loaders).containsExactlyInAnyOrder(ofTask, Workers.class.getClassLoader());
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
