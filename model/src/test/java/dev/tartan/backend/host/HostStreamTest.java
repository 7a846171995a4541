package dev.tartan.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.HostTask;
import dev.tartan.backend.StreamUse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostStreamTest {
    private final List<String> log = new ArrayList<>();
    private final HostStream compute = new HostStream(StreamUse.COMPUTE);
    private final HostStream communication = new HostStream(StreamUse.COMMUNICATION);

    private HostTask task(String name) {
        return new HostTask() {
            private long endedNanos;

            @Override
            public List<Buffer> reads() {
                return List.of();
            }

            @Override
            public List<Buffer> writes() {
                return List.of();
            }

            @Override
            public Object channel() {
                return log;
            }

            @Override
            public void run() {
                log.add("run " + name);
            }

            @Override
            public void start() {
                log.add("start " + name);
            }

            @Override
            public void finish() {
                log.add("finish " + name);
                endedNanos = System.nanoTime();
                if (name.equals("bad")) {
                    throw new IllegalStateException("bad");
                }
            }

            @Override
            public long endedNanos() {
                return endedNanos;
            }
        };
    }

    @Test
    void aStreamForComputingDoesEverythingAtOnce() {
        Event done = new HostEvent();
        compute.enqueue(task("a"));
        compute.record(done);
        HostKernel kernel = () -> log.add("kernel");
        kernel.enqueue(compute);
        done.synchronize();
        assertThat(log).containsExactly("run a", "kernel");
    }

    @Test
    void aStreamForCommunicationOnlyBeginsTasksAndAnEventWaitsForThoseBeforeIt() {
        Event first = new HostEvent();
        Event second = new HostEvent();
        communication.enqueue(task("a"));
        communication.record(first);
        communication.enqueue(task("b"));
        communication.enqueue(task("c"));
        communication.record(second);
        assertThat(log).containsExactly("start a", "start b", "start c");
        compute.await(first);
        compute.await(first);
        assertThat(log).endsWith("start c", "finish a");
        second.synchronize();
        communication.synchronize();
        assertThat(log).endsWith("finish a", "finish b", "finish c");
    }

    @Test
    void whatComesAfterTasksInTheirStreamWaitsForThem() {
        communication.enqueue(task("a"));
        HostKernel kernel = () -> log.add("kernel");
        kernel.enqueue(communication);
        assertThat(log).containsExactly("start a", "finish a", "kernel");
    }

    @Test
    void aTaskThatFailedIsNotWaitedForAgain() {
        Event done = new HostEvent();
        communication.enqueue(task("bad"));
        communication.enqueue(task("b"));
        communication.record(done);
        assertThatThrownBy(() -> compute.await(done)).hasMessage("bad");
        compute.await(done);
        assertThat(log).containsExactly("start bad", "start b", "finish bad", "finish b");
    }

    @Test
    void anEventThatWasNeverRecordedIsNotWaitedFor() {
        communication.enqueue(task("a"));
        compute.await(new HostEvent());
        assertThat(log).containsExactly("start a");
    }

    @Test
    void timeIsThatWhenTheEventWasRecorded() throws InterruptedException {
        HostEvent.Timed before = new HostEvent.Timed();
        HostEvent.Timed after = new HostEvent.Timed();
        compute.record(before);
        Thread.sleep(5);
        compute.record(after);
        assertThat(after.nanosSince(before)).isGreaterThanOrEqualTo(5_000_000);
    }
}
