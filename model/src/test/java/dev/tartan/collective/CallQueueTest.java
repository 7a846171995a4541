package dev.tartan.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CallQueueTest {
    private static final int CALLS = 20_000;

    /** Whichever of two threads runs them. */
    @Test
    void callsRunOnceEach_inOrder_oneAtATime() {
        List<String> ran = new ArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        try (CallQueue queue = queue(call -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            threads.add(Thread.currentThread());
            ran.add(call.tag());
            inside.decrementAndGet();
        })) {
            Random random = new Random(1);
            Deque<PendingCall> underWay = new ArrayDeque<>();
            for (int i = 0; i < CALLS; i++) {
                underWay.add(queue.start(CollectiveCall.barrier("" + i)));
                if (random.nextInt(100) == 0) {
                    queue.awaitIdle();
                }
                // mostly the one just started
                while (!underWay.isEmpty() && random.nextInt(4) > 0) {
                    underWay.remove().await();
                }
            }
            underWay.forEach(PendingCall::await);
        }
        assertThat(ran).hasSize(CALLS);
        for (int i = 0; i < CALLS; i++) {
            assertThat(ran.get(i)).isEqualTo("" + i);
        }
        assertThat(most).hasValue(1);
        assertThat(threads).as("some by who waited").contains(Thread.currentThread());
    }

    @Test
    void callUnderWay_isWaitedFor_withThoseStartedBeforeIt() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        List<String> ran = new ArrayList<>();
        try (CallQueue queue = queue(call -> {
            if (call.tag().equals("slow")) {
                begun.countDown();
                awaitQuietly(mayEnd);
            }
            ran.add(call.tag());
        })) {
            PendingCall slow = queue.start(CollectiveCall.barrier("slow"));
            begun.await();
            PendingCall next = queue.start(CollectiveCall.barrier("next"));
            Thread releases = new Thread(mayEnd::countDown);
            releases.start();
            next.await();
            assertThat(slow.isDone()).isTrue();
            assertThat(ran).containsExactly("slow", "next");
            slow.await();
            releases.join();
        }
    }

    @Test
    void queueWithoutAThread_leavesCallsToWhoWaits() throws InterruptedException {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        List<String> ran = new ArrayList<>();
        try (CallQueue queue = new CallQueue(
                null,
                call -> {
                    threads.add(Thread.currentThread());
                    ran.add(call.tag());
                },
                cause -> {})) {
            PendingCall first = queue.start(CollectiveCall.barrier("0"));
            PendingCall second = queue.start(CollectiveCall.barrier("1"));
            PendingCall third = queue.start(CollectiveCall.barrier("2"));
            assertThat(ran).isEmpty();
            second.await();
            assertThat(first.isDone()).isTrue();
            assertThat(third.isDone()).isFalse();
            assertThat(ran).containsExactly("0", "1");
            queue.awaitIdle();
            assertThat(ran).containsExactly("0", "1", "2");
            assertThat(threads).containsExactly(Thread.currentThread());
        }
    }

    /** One runs what is before its own call, and the other must not be left with what comes after. */
    @Test
    void twoMayWait_inAQueueWithoutAThread() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        try (CallQueue queue = new CallQueue(
                null,
                call -> {
                    begun.countDown();
                    awaitQuietly(mayEnd);
                },
                cause -> {})) {
            PendingCall first = queue.start(CollectiveCall.barrier("0"));
            PendingCall second = queue.start(CollectiveCall.barrier("1"));
            Thread other = new Thread(first::await);
            other.start();
            begun.await();
            Thread releases = new Thread(mayEnd::countDown);
            releases.start();
            second.await();
            other.join();
            releases.join();
        }
    }

    @Test
    void failureOfACall_isToldToWhoAwaitsIt_andTheNextOneRuns() {
        for (int i = 0; i < 200; i++) {
            try (CallQueue queue = queue(call -> {
                if (call.tag().equals("bad")) {
                    throw new IllegalStateException("bad call");
                }
            })) {
                PendingCall bad = queue.start(CollectiveCall.barrier("bad"));
                PendingCall good = queue.start(CollectiveCall.barrier("good"));
                good.await();
                assertThat(bad.isDone()).isTrue();
                assertThatThrownBy(bad::await).hasMessage("bad call");
            }
        }
    }

    private static CallQueue queue(Consumer<CollectiveCall> run) {
        return new CallQueue("test", run, cause -> {});
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
