package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ResolverTest {
    private final Semaphore answers = new Semaphore(0);
    private int lookups;

    private void awaitAnswer() throws InterruptedException {
        assertThat(answers.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void nobodyWaitsForASlowName() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        InetAddress there = InetAddress.getLoopbackAddress();
        Resolver.Lookup lookup = host -> {
            try {
                slow.await();
            } catch (InterruptedException e) {
                throw new UnknownHostException("interrupted");
            }
            return there;
        };
        try (Resolver resolver = new Resolver(lookup, answers::release)) {
            assertThat(resolver.ask("node7")).isNull();
            assertThat(resolver.ask("node7")).isNull();
            slow.countDown();
            awaitAnswer();
            assertThat(resolver.ask("node7")).isEqualTo(there);
        }
    }

    @Test
    void aNameIsLookedUpAgainAfterAFailureAndWhenForgotten() throws Exception {
        Resolver.Lookup lookup = host -> {
            if (++lookups == 1) {
                throw new UnknownHostException(host);
            }
            return InetAddress.getLoopbackAddress();
        };
        try (Resolver resolver = new Resolver(lookup, answers::release)) {
            assertThat(resolver.ask("node7")).isNull();
            awaitAnswer();
            assertThatThrownBy(() -> resolver.ask("node7"))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("node7");
            assertThat(resolver.ask("node7")).isNull();
            awaitAnswer();
            assertThat(resolver.ask("node7")).isNotNull();
            assertThat(lookups).isEqualTo(2);
            resolver.forget("node7");
            assertThat(resolver.ask("node7")).isNull();
            awaitAnswer();
            assertThat(lookups).isEqualTo(3);
        }
    }
}
