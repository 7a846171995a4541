package dev.tartan.spark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.spark.cli.BenchCommand;
import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("slow")
@Timeout(60)
class RankProcessesTest {
    private final Set<ProcessHandle> before =
            ProcessHandle.current().descendants().collect(Collectors.toSet());

    @Test
    void aBenchThatIsInterruptedLeavesNoProcess() throws Exception {
        Bench bench = new Bench();
        List<ProcessHandle> ranks = started();
        bench.thread.interrupt();
        assertThatThrownBy(bench.result::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(ranks).hasSize(2).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void aRankThatIsKilledEndsTheBench() throws Exception {
        Bench bench = new Bench();
        List<ProcessHandle> ranks = started();
        ranks.get(1).destroyForcibly();
        // Told by the one that was killed, or by the other, whoever is heard first.
        assertThatThrownBy(bench.result::get)
                .hasCauseInstanceOf(BenchException.class)
                .hasMessageMatching("(?s).*(process 1 ended before it was done|Rank 1 ).*");
        assertThat(ranks).hasSize(2).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void ranksEndWithACommandThatIsKilled() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                BenchCommand.class.getName(),
                "collectives",
                "--bytes=64",
                "--warm-up-millis=60000");
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process command = builder.redirectError(Redirect.INHERIT).start();
        try {
            long deadlineNanos = System.nanoTime() + 20_000_000_000L;
            while (command.descendants().count() < 2 && System.nanoTime() < deadlineNanos) {
                Thread.sleep(20);
            }
            List<ProcessHandle> ranks = command.descendants().toList();
            assertThat(ranks).hasSize(2);
            command.destroyForcibly();
            for (ProcessHandle rank : ranks) {
                rank.onExit().get(10, TimeUnit.SECONDS);
            }
        } finally {
            command.destroyForcibly();
        }
    }

    @Test
    void numbersOfAnotherTransportAreRefused() {
        assertThatThrownBy(() -> Contenders.requireLinks(BenchTransport.SHM, List.of("tcp"), List.of("disk is full")))
                .isInstanceOf(BenchException.class)
                .hasMessage("ranks are not linked by shm: linkKinds=[tcp], notes=[disk is full]. Remove the cause, or"
                        + " give another --transport.");
    }

    private List<ProcessHandle> started() {
        return ProcessHandle.current()
                .descendants()
                .filter(each -> !before.contains(each))
                .toList();
    }

    /** A bench that would run for long, on a thread of its own; its ranks have met by now, which nothing tells. */
    private final class Bench {
        private final CompletableFuture<Void> result = new CompletableFuture<>();
        private final Thread thread;

        Bench() throws InterruptedException {
            CollectivesPlan plan = PayloadTest.plan(CollectiveOp.ALL_REDUCE, BenchTransport.TCP, 60_000);
            thread = new Thread(() -> {
                try {
                    CollectivesBench.run(plan, line -> {});
                    result.complete(null);
                } catch (Throwable e) {
                    result.completeExceptionally(e);
                }
            });
            thread.start();
            for (int time = 0; time < 1000 && started().size() < 2; time++) {
                Thread.sleep(20);
            }
            Thread.sleep(3000);
        }
    }
}
