package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two executors with two slots each, in a session that was told nothing about meshes. */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpreadTest {
    private static final ProgressListener DEAF = (attempt, report) -> {};

    private static JavaSparkContext spark;

    @BeforeAll
    static void startSpark() throws Exception {
        spark = new JavaSparkContext(new SparkConf(false)
                .setMaster("local-cluster[2,2,1024]")
                .setAppName("spread test")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path")));
        // As a session is that has run something before.
        new ReadyExecutors(spark.sc(), Duration.ofSeconds(60)).await(MeshSizes.exactly(2), () -> {});
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    /** Says where it runs, when it has met as many tasks as it is told are there. */
    static final class Where implements MeshTask<Long, String> {
        @Override
        public String run(Long millis, MeshTaskContext context) throws InterruptedException {
            context.report(context.attempt());
            Thread.sleep(millis);
            return context.executorId();
        }
    }

    private static List<String> run(long millis) {
        return new BarrierMeshJob(spark, "where", 2).run(millis, new Where(), DEAF);
    }

    @Test
    void tasksAreSpreadFromTheFirstJobOn() {
        for (int i = 0; i < 5; i++) {
            assertThat(run(0)).containsExactlyInAnyOrder("0", "1");
        }
    }

    @Test
    void twoJobsAtOnceAreEachSpread() {
        CompletableFuture<List<String>> a = CompletableFuture.supplyAsync(() -> run(2000));
        CompletableFuture<List<String>> b = CompletableFuture.supplyAsync(() -> run(2000));
        assertThat(a.join()).containsExactlyInAnyOrder("0", "1");
        assertThat(b.join()).containsExactlyInAnyOrder("0", "1");
    }

    @Test
    void tasksThatWouldShareAnExecutorAreRefusedOnTheDriver() {
        ExecutorPlace first = new ExecutorPlace("0", "127.0.0.1", 2, true);
        BarrierMeshJob job = new BarrierMeshJob(
                spark,
                "where",
                2,
                Duration.ofSeconds(60),
                (sizes, meanwhile) -> Placement.Placed.in(List.of(first, first)));
        List<Object> begun = Collections.synchronizedList(new ArrayList<>());
        assertThatThrownBy(() -> job.run(0L, new Where(), (attempt, report) -> begun.add(report)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "tasks of the mesh would share an executor: executorOfEachTask=[0, 0], tried=3, slots=4,")
                .hasMessageEndingWith(". Free a slot in an executor of its own for each task, give the session more"
                        + " executors, or spread the mesh over fewer.");
        assertThat(begun).isEmpty();
    }

    @Test
    void tasksBegunAnewInExecutorsOfTheirOwnCountTheirAttempts() {
        ExecutorPlace first = new ExecutorPlace("0", "127.0.0.1", 2, true);
        ExecutorPlace second = new ExecutorPlace("1", "127.0.0.1", 2, true);
        AtomicInteger asked = new AtomicInteger();
        BarrierMeshJob job = new BarrierMeshJob(
                spark,
                "where",
                2,
                Duration.ofSeconds(60),
                (sizes, meanwhile) ->
                        Placement.Placed.in(List.of(first, asked.getAndIncrement() == 0 ? first : second)));
        List<Object> attempts = Collections.synchronizedList(new ArrayList<>());
        assertThat(job.run(0L, new Where(), (attempt, report) -> attempts.add(report)))
                .containsExactly("0", "1");
        assertThat(attempts).containsExactly(1, 1);
    }

    @Test
    void theJobThatFillsAnExecutorIsNamed() throws Exception {
        assertThat(run(0)).containsExactlyInAnyOrder("0", "1");
        JavaFutureAction<List<Integer>> other = fillOneExecutor();
        try {
            assertThatThrownBy(() -> limited(2).run(0L, new Where(), DEAF))
                    .isExactlyInstanceOf(MeshJobException.class)
                    .hasMessageMatching("session has too few executors with a free slot: needed=2, executors=2,"
                            + " withFreeSlot=1, slots=4, busy=2, usedBy=\\[job \\d+ 'collectAsync at [^']*' with 2"
                            + " tasks], waitedSeconds=1\\. Wait for these jobs or cancel them, or give the session more"
                            + " executors\\.");
        } finally {
            other.cancel(true);
            while (Slots.of(spark.sc()).busy() > 0) {
                Thread.sleep(20);
            }
        }
    }

    @Test
    void moreTasksThanExecutorsAreRefused() {
        assertThatThrownBy(() -> limited(3).run(0L, new Where(), DEAF))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("session has too few executors for the mesh: needed=3, executors=2,");
    }

    private static BarrierMeshJob limited(int numTasks) {
        Duration limit = Duration.ofSeconds(1);
        return new BarrierMeshJob(spark, "where", numTasks, limit, new ReadyExecutors(spark.sc(), limit));
    }

    private static JavaFutureAction<List<Integer>> fillOneExecutor() throws InterruptedException {
        List<ExecutorPlace> first =
                List.of(new ExecutorPlace("0", "127.0.0.1", 2, true), new ExecutorPlace("0", "127.0.0.1", 2, true));
        spark.setLocalProperty("spark.job.interruptOnCancel", "true");
        JavaFutureAction<List<Integer>> other = MeshPartitions.of(spark.sc(), null, 2, first)
                .toJavaRDD()
                .map(x -> 0)
                .mapPartitions(rows -> {
                    Thread.sleep(100_000);
                    return rows;
                })
                .collectAsync();
        spark.setLocalProperty("spark.job.interruptOnCancel", null);
        while (Slots.of(spark.sc()).busy() < 2) {
            Thread.sleep(20);
        }
        return other;
    }
}
