package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All ways by which the user of a session, or its end, stops a mesh job on all ranks at once. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoppedJobsTest {
    private static final Set<Integer> ASLEEP = ConcurrentHashMap.newKeySet();

    private JavaSparkContext spark;

    @BeforeEach
    void startSpark() {
        ASLEEP.clear();
        spark = new JavaSparkContext(new SparkConf(false)
                .setMaster("local[3]")
                .setAppName("stopped jobs test")
                .set("spark.ui.enabled", "false"));
    }

    @AfterEach
    void stopSpark() {
        spark.stop();
    }

    /** Sleeps until it is interrupted. */
    static final class Sleeper implements MeshTask<String, String> {
        @Override
        public String run(String input, MeshTaskContext context) throws InterruptedException {
            ASLEEP.add(context.taskIndex());
            try {
                Thread.sleep(60_000);
            } finally {
                ASLEEP.remove(context.taskIndex());
            }
            return input;
        }
    }

    @FunctionalInterface
    private interface Stop {
        void by(Thread runner);
    }

    @Test
    void cancellingTheUsersJobGroupStopsIt() throws Exception {
        assertStops(
                runner -> spark.cancelJobGroup("notebook 7"),
                "mesh job was stopped: reason=job group 'notebook 7' was cancelled");
    }

    @Test
    void cancellingAllJobsStopsIt() throws Exception {
        assertStops(
                runner -> spark.cancelAllJobs(), "mesh job was stopped: reason=all jobs of the session were cancelled");
    }

    @Test
    void interruptingTheThreadThatRunsItStopsIt() throws Exception {
        assertStops(Thread::interrupt, "mesh job was stopped: reason=the thread that ran the job was interrupted");
    }

    @Test
    void stoppingTheSessionStopsIt() throws Exception {
        assertStops(
                runner -> spark.stop(),
                "mesh job was stopped: reason=Spark cancelled the job because SparkContext was shut down");
    }

    @Test
    void anotherJobGroupsEndIsNoneOfItsBusiness() throws Exception {
        CompletableFuture<Throwable> run = start();
        spark.cancelJobGroup("another");
        Thread.sleep(1000);
        assertThat(run).isNotDone();
        assertThat(ASLEEP).hasSize(2);
        spark.cancelJobGroup("notebook 7");
        assertThat(run.get(20, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
    }

    private void assertStops(Stop stop, String message) throws Exception {
        CompletableFuture<Throwable> run = start();
        stop.by(runner);
        assertThat(run.get(20, TimeUnit.SECONDS))
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage(message);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (!ASLEEP.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertThat(ASLEEP).isEmpty();
    }

    private volatile Thread runner;

    private CompletableFuture<Throwable> start() throws InterruptedException {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        runner = new Thread(() -> {
            spark.setJobGroup("notebook 7", "a paragraph", false);
            BarrierMeshJob job = new BarrierMeshJob(spark, "sleeps", 2);
            failure.complete(catchThrowable(() -> job.run("", new Sleeper(), (attempt, report) -> {})));
        });
        runner.start();
        while (ASLEEP.size() < 2) {
            Thread.sleep(20);
        }
        return failure;
    }
}
