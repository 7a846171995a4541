package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BarrierMeshJobTest {
    private static final ProgressListener DEAF = (attempt, message) -> {};

    private static JavaSparkContext spark;
    private static int numRuns;

    @BeforeAll
    static void startSpark() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[3,4]")
                .setAppName("mesh job test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1");
        spark = new JavaSparkContext(conf);
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    /** Returns what it was given, with its index. */
    static final class Echo implements MeshTask<TensorType, List<Object>> {
        @Override
        public List<Object> run(TensorType input, MeshTaskContext context) {
            return List.of(input, context.taskIndex(), context.numTasks(), context.gpuAddresses());
        }
    }

    /** Fails until it was tried often enough, telling so. */
    static final class Flaky implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer goodAttempt, MeshTaskContext context) {
            context.report("attempt " + context.attempt());
            if (context.attempt() < goodAttempt) {
                throw new IllegalStateException("bad luck in attempt " + context.attempt());
            }
            return context.attempt();
        }
    }

    /** Is told something wrong. */
    static final class Picky implements MeshTask<String, String> {
        @Override
        public String run(String input, MeshTaskContext context) {
            throw new IllegalArgumentException("input is not to my taste: input=" + input);
        }
    }

    /** Sleeps until interrupted; one that is given 1 tells so. */
    static final class Sleeper implements MeshTask<Integer, Integer> {
        static final CountDownLatch STARTED = new CountDownLatch(1);
        static final CompletableFuture<Boolean> CANCELLED_WHEN_INTERRUPTED = new CompletableFuture<>();

        @Override
        public Integer run(Integer input, MeshTaskContext context) throws InterruptedException {
            if (input == 1) {
                STARTED.countDown();
            }
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                if (input == 1) {
                    CANCELLED_WHEN_INTERRUPTED.complete(context.isCancelled());
                }
                throw e;
            }
            return input;
        }
    }

    /** Fails in one task while the other waits for it. */
    static final class Unequal implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer input, MeshTaskContext context) throws InterruptedException {
            if (context.attempt() == 0) {
                if (context.taskIndex() == 0) {
                    throw new IllegalStateException("one of two");
                }
                Thread.sleep(60_000);
            }
            return context.taskIndex();
        }
    }

    /** Fails finally in task 1 while the others wait for it. */
    static final class Misled implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer input, MeshTaskContext context) throws InterruptedException {
            context.report(context.attempt());
            if (context.taskIndex() == 1) {
                throw new IllegalArgumentException("input of task 1 is wrong: input=" + input);
            }
            Thread.sleep(60_000);
            throw new IllegalStateException("peer is gone");
        }
    }

    /** Fails finally in task 1, after the others have failed for want of it and Spark has begun anew. */
    static final class MisledAndSlow implements MeshTask<Integer, Integer> {
        private static final CountDownLatch BEGUN = new CountDownLatch(1);

        @Override
        public Integer run(Integer input, MeshTaskContext context) throws InterruptedException {
            if (context.attempt() > 0) {
                Thread.sleep(60_000);
            }
            if (context.taskIndex() != 1) {
                // A task that is killed before it begins makes no mistake.
                BEGUN.await();
                throw new IllegalStateException("peer is gone");
            }
            BEGUN.countDown();
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1000);
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            throw new IllegalArgumentException("input of task 1 is wrong: input=" + input);
        }
    }

    /** Tells all tasks who each is. */
    static final class Gossip implements MeshTask<Integer, List<String>> {
        @Override
        public List<String> run(Integer input, MeshTaskContext context) throws InterruptedException {
            return context.allGather(
                    context.taskIndex() + " in " + context.executorId() + " at " + context.host() + " é");
        }
    }

    /** Meets the others. */
    static final class Sociable implements MeshTask<Integer, List<Object>> {
        @Override
        public List<Object> run(Integer port, MeshTaskContext context) throws InterruptedException {
            ProcessCard own =
                    ProcessCard.of(context, context.host(), port + context.taskIndex(), GpuPinning.of(context));
            Meeting meeting = Rendezvous.meet(context, own);
            return List.of(
                    meeting.self(),
                    meeting.processes().get(meeting.self()).equals(own),
                    meeting.processes().size());
        }
    }

    /** Reports numbers. */
    static final class Counter implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer count, MeshTaskContext context) {
            for (int i = 0; i < count; i++) {
                context.report(i);
            }
            return count;
        }
    }

    @Test
    void tasksGetTheInputAndReturnInOrder() {
        TensorType input = new TensorType(DType.FLOAT32, Shape.shape(2, 3));
        assertThat(job(2).run(input, new Echo(), DEAF))
                .containsExactly(List.of(input, 0, 2, List.of()), List.of(input, 1, 2, List.of()));
    }

    @Test
    void aTaskThatFailsIsTriedAgain() {
        List<Object> heard = Collections.synchronizedList(new ArrayList<>());
        List<Integer> results = job(1).run(1, new Flaky(), (attempt, message) -> heard.add(attempt + ": " + message));
        assertThat(results).containsExactly(1);
        assertThat(heard).containsExactly("0: attempt 0", "1: attempt 1");
    }

    @Test
    void aTaskThatAlwaysFailsGivesOneClearException() {
        BarrierMeshJob job = new BarrierMeshJob(spark, "hopeless", 1);
        assertThatThrownBy(() -> job.run(99, new Flaky(), DEAF))
                .isInstanceOf(MeshJobException.class)
                .hasMessage(
                        "mesh job failed: job='hopeless', attempts=4, reason=java.lang.IllegalStateException: bad luck"
                                + " in attempt 3. The executors' logs have the stack trace.");
    }

    @Test
    void theUsersMistakeIsNotTriedAgain() {
        assertThatThrownBy(() -> job(2).run("salt", new Picky(), DEAF))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("input is not to my taste: input=salt");
    }

    @Test
    void peersOfAFailedTaskAreInterruptedAndTriedAgain() {
        assertThat(job(2).run(0, new Unequal(), DEAF)).containsExactly(0, 1);
    }

    @Test
    void theUsersMistakeInOneTaskOfManyIsNotTriedAgain() {
        List<Object> attempts = Collections.synchronizedList(new ArrayList<>());
        assertThatThrownBy(() -> job(3).run(7, new Misled(), (attempt, message) -> attempts.add(message)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("input of task 1 is wrong: input=7");
        assertThat(attempts).isNotEmpty().containsOnly(0);
    }

    @Test
    void theUsersMistakeWinsOverFailuresThatItCaused() {
        assertThatThrownBy(() -> job(2).run(7, new MisledAndSlow(), DEAF))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("input of task 1 is wrong: input=7");
    }

    @Test
    void aFailureOfAnotherAttemptIsNoneOfThisOne() {
        BarrierMeshJob job = job(1);
        job.onFinalFailure(7, TaskOutcome.failed(0, new IllegalArgumentException("late")));
        assertThat(job.run(0, new Flaky(), DEAF)).containsExactly(0);
    }

    @Test
    void whatConcludesAJobIsDoneHoweverItEnds() {
        List<String> done = new ArrayList<>();
        assertThat(job(1).concludingBy(() -> done.add("worked")).run(0, new Flaky(), DEAF))
                .containsExactly(0);
        assertThatThrownBy(() -> job(1).concludingBy(() -> done.add("failed")).run("salt", new Picky(), DEAF))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(done).containsExactly("worked", "failed");
    }

    @Test
    void everyTaskHearsWhatAllGather() {
        List<String> all = List.of("0 in driver at 127.0.0.1 é", "1 in driver at 127.0.0.1 é");
        assertThat(job(2).run(0, new Gossip(), DEAF)).containsExactly(all, all);
    }

    @Test
    void tasksOfOneProcessMeet() {
        assertThat(job(3).run(7000, new Sociable(), DEAF))
                .containsExactly(List.of(0, true, 3), List.of(1, true, 3), List.of(2, true, 3));
    }

    @Test
    void cancellingInterruptsTheTask() throws Exception {
        BarrierMeshJob job = new BarrierMeshJob(spark, "sleepy", 1);
        CompletableFuture<List<Integer>> run = CompletableFuture.supplyAsync(() -> job.run(1, new Sleeper(), DEAF));
        Sleeper.STARTED.await();
        job.cancel("enough");
        assertThat(Sleeper.CANCELLED_WHEN_INTERRUPTED.get(20, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(run::join)
                .hasRootCauseInstanceOf(org.apache.spark.SparkException.class)
                .satisfies(e -> assertThat(e instanceof CancellationException ? e : e.getCause())
                        .hasMessage("mesh job was stopped: reason=enough"));
    }

    @Test
    void aJobCancelledBeforeItStartsEndsAtOnce() {
        BarrierMeshJob job = new BarrierMeshJob(spark, "stillborn", 1);
        job.cancel("changed my mind");
        assertThatThrownBy(() -> job.run(0, new Sleeper(), DEAF))
                .isInstanceOf(CancellationException.class)
                .hasMessage("mesh job was stopped: reason=changed my mind");
    }

    @Test
    void messagesArriveInOrder() {
        List<Object> heard = Collections.synchronizedList(new ArrayList<>());
        job(1).run(1000, new Counter(), (attempt, message) -> heard.add(message));
        List<Object> expected = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            expected.add(i);
        }
        assertThat(heard).isEqualTo(expected);
    }

    private static BarrierMeshJob job(int numTasks) {
        return new BarrierMeshJob(spark, "test-" + numRuns++, numTasks);
    }
}
