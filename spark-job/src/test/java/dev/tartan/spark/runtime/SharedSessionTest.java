package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.status.api.v1.JobData;
import org.apache.spark.status.api.v1.StageData;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.collection.JavaConverters;

/** Mesh jobs beside others in one session, and what the session shows of them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedSessionTest {
    private static final ProgressListener DEAF = (attempt, report) -> {};
    private static final CyclicBarrier MET = new CyclicBarrier(4);

    private static JavaSparkContext spark;

    @BeforeAll
    static void startSpark() {
        spark = new JavaSparkContext(new SparkConf(false)
                .setMaster("local[4]")
                .setAppName("shared session test")
                .set("spark.executor.heartbeatInterval", "500ms")
                .set("spark.ui.enabled", "false"));
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    /** Meets the tasks of both jobs, so that it ends only if they run at once; reports and gathers under its name. */
    static final class Pair implements MeshTask<String, List<String>> {
        @Override
        public List<String> run(String name, MeshTaskContext context) throws Exception {
            MET.await(30, TimeUnit.SECONDS);
            context.report(name);
            return context.allGather(name + context.taskIndex());
        }
    }

    /** Adds up its rows. */
    static final class Sum implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer start, MeshTaskContext context) {
            int sum = start;
            for (Iterator<?> rows = context.rows(); rows.hasNext(); ) {
                sum += (Integer) rows.next();
            }
            return sum;
        }
    }

    /** Reports once and waits until told to end. */
    static final class Waiter implements MeshTask<Integer, Integer> {
        @Override
        public Integer run(Integer input, MeshTaskContext context) throws Exception {
            context.report(input);
            Thread.sleep(60_000);
            return input;
        }
    }

    @Test
    void twoJobsRunAtOnceAndDoNotMixTheirMessages() {
        List<Object> heardA = new ArrayList<>();
        List<Object> heardB = new ArrayList<>();
        CompletableFuture<List<List<String>>> a = start("a", heardA);
        CompletableFuture<List<List<String>>> b = start("b", heardB);
        assertThat(a.join()).containsExactly(List.of("a0", "a1"), List.of("a0", "a1"));
        assertThat(b.join()).containsExactly(List.of("b0", "b1"), List.of("b0", "b1"));
        assertThat(heardA).containsExactly("a", "a");
        assertThat(heardB).containsExactly("b", "b");
    }

    private static CompletableFuture<List<List<String>>> start(String name, List<Object> heard) {
        return CompletableFuture.supplyAsync(
                () -> new BarrierMeshJob(spark, name, 2).run(name, new Pair(), (attempt, report) -> heard.add(report)));
    }

    @Test
    void eachTaskReadsItsPartitionOfTheRows() {
        BarrierMeshJob job = new BarrierMeshJob(spark, "rows", 3);
        assertThat(job.run(spark.parallelize(List.of(1, 2, 10, 20, 100, 200), 3), 5, new Sum(), DEAF))
                .containsExactly(8, 35, 305);
        BarrierMeshJob other = new BarrierMeshJob(spark, "rows", 3);
        assertThatThrownBy(() -> other.run(spark.parallelize(List.of(1), 1), 5, new Sum(), DEAF))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rows are not in one partition for each task: partitions=1, tasks=3. Repartition them.");
    }

    @Test
    void aMeshThatTheSessionCannotHoldIsRefusedAtOnce() {
        BarrierMeshJob job = new BarrierMeshJob(spark, "too large", 5);
        assertThatThrownBy(() -> job.run(0, new Waiter(), DEAF))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("session has too few slots, and the run would never start: needed=5, slots=4,"
                        + " spark.master=local[4]. Start the session with local[5] or more, or spread the mesh over"
                        + " fewer tasks.");
    }

    @Test
    void theJobThatHoldsTheSlotsIsNamed() throws Exception {
        spark.setJobGroup("nightly", "a long count", true);
        JavaFutureAction<List<Integer>> other;
        try {
            other = spark.parallelize(List.of(1, 2, 3), 3)
                    .map(x -> {
                        Thread.sleep(60_000);
                        return x;
                    })
                    .collectAsync();
        } finally {
            spark.clearJobGroup();
        }
        try {
            while (Slots.of(spark.sc()).busy() < 3) {
                Thread.sleep(20);
            }
            BarrierMeshJob job = new BarrierMeshJob(
                    spark,
                    "waits",
                    2,
                    Duration.ofSeconds(2),
                    (sizes, meanwhile) -> new Placement.Placed(sizes.wanted(), List.of()));
            assertThatThrownBy(() -> job.run(0, new Waiter(), DEAF))
                    .isInstanceOf(MeshJobException.class)
                    .hasMessage("mesh job found no free slots: needed=2, waitedSeconds=2, slots=4, busy=3, usedBy=[job "
                            + other.jobIds().get(0)
                            + " 'a long count' of group 'nightly' with 3 tasks]. Wait for these jobs or cancel them, or"
                            + " give the session more executors.");
        } finally {
            other.cancel(true);
            while (Slots.of(spark.sc()).busy() > 0) {
                Thread.sleep(20);
            }
        }
    }

    @Test
    void sparksPagesSayWhatRuns() throws Exception {
        BarrierMeshJob job = new BarrierMeshJob(spark, "tartan: Gpt, mesh data=2 x model=2, 550 steps", 2);
        CompletableFuture<Void> reported = new CompletableFuture<>();
        CompletableFuture<List<Integer>> run = CompletableFuture.supplyAsync(
                () -> job.run(7, new Waiter(), (attempt, report) -> reported.complete(null)));
        reported.get(20, TimeUnit.SECONDS);
        JobData data = runningJob();
        assertThat(data.description().get()).isEqualTo("tartan: Gpt, mesh data=2 x model=2, 550 steps");
        StageData stage = spark.sc().statusStore().lastStageAttempt((Integer)
                JavaConverters.seqAsJavaList(data.stageIds()).stream()
                        .min((x, y) -> Integer.compare((Integer) x, (Integer) y))
                        .orElseThrow());
        assertThat(stage.name()).isEqualTo("tartan: Gpt, mesh data=2 x model=2, 550 steps");
        job.cancel("seen enough");
        assertThatThrownBy(run::join)
                .satisfies(e -> assertThat(e instanceof CancellationException ? e : e.getCause())
                        .hasMessage("mesh job was stopped: reason=seen enough"));
    }

    private static JobData runningJob() {
        return JavaConverters.seqAsJavaList(spark.sc().statusStore().jobsList(List.of(JobExecutionStatus.RUNNING)))
                .get(0);
    }
}
