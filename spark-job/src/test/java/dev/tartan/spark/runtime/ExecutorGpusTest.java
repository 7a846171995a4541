package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two executors in processes of their own, on workers that believe what a discovery script says of GPUs. */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExecutorGpusTest {
    private static final int NUM_EXECUTORS = 2;

    @TempDir
    Path folder;

    /** Meets the others and tells what it found, and what it has of the driver's. */
    static final class Sociable implements MeshTask<Integer, List<String>> {
        private final JobCredentials credentials;

        Sociable(JobCredentials credentials) {
            this.credentials = credentials;
        }

        @Override
        public List<String> run(Integer port, MeshTaskContext context) throws InterruptedException {
            context.report(context.attempt());
            GpuPinning gpus = GpuPinning.of(context);
            Meeting meeting = Rendezvous.meet(context, ProcessCard.of(context, context.host(), port, gpus));
            return List.of(
                    meeting.processes().toString(),
                    Integer.toString(meeting.self()),
                    context.executorId(),
                    gpus.ordinals().toString(),
                    text(credentials.secret()),
                    credentials.toString(),
                    System.getenv("OMP_WAIT_POLICY") + " " + System.getenv("CUDA_DEVICE_ORDER"));
        }
    }

    @Test
    void executorsWithGpusOfTheirOwnMeet() throws Exception {
        SparkConf conf = conf("lease-two-gpus")
                .set("spark.authenticate", "true")
                .set("spark.authenticate.secret", "the key of this test")
                .set("spark.network.crypto.enabled", "true");
        List<String> keys = new ArrayList<>();
        List<List<String>> told =
                run(conf, credentials -> keys.add(text(credentials.secret())), (attempt, message) -> {});

        List<String> first = told.get(0);
        List<String> second = told.get(1);
        assertThat(first.get(0))
                .isEqualTo(second.get(0))
                .contains("taskIndex=0, executorId=" + first.get(2) + ", host=127.0.0.1, port=7000, bootId=")
                .contains("taskIndex=1, executorId=" + second.get(2) + ", host=127.0.0.1, port=7000, bootId=")
                .contains("gpus=[0, 1]]", "gpus=[2, 3]]");
        assertThat(first.get(1) + second.get(1)).isEqualTo("01");
        assertThat(List.of(first.get(2), second.get(2))).containsExactlyInAnyOrder("0", "1");
        assertThat(List.of(first.get(3), second.get(3))).containsExactlyInAnyOrder("[0, 1]", "[2, 3]");
        for (List<String> each : told) {
            assertThat(each.subList(4, 7))
                    .containsExactly(keys.get(0), "JobCredentials[secret=Spark's, encrypt=true]", "PASSIVE PCI_BUS_ID");
        }
    }

    @Test
    void executorsWithTheSameGpusFailOnceForAll() throws Exception {
        List<Object> attempts = Collections.synchronizedList(new ArrayList<>());
        assertThatThrownBy(() ->
                        run(conf("same-two-gpus"), credentials -> {}, (attempt, message) -> attempts.add(message)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(
                        "GPU was given to two tasks: address=0, host=127\\.0\\.0\\.1, executors=\\[(0, 1|1, 0)],"
                                + " tasks=\\[0, 1]\\. Make the discovery script give each executor GPUs of its own, or run one"
                                + " executor a host\\.");
        assertThat(attempts).containsExactly(0, 0);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<List<String>> run(
            SparkConf conf, Consumer<JobCredentials> onDriver, ProgressListener progress) {
        Preflight.check(conf, 2 * NUM_EXECUTORS, NUM_EXECUTORS);
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            JobCredentials credentials = JobCredentials.ofDriver(conf);
            onDriver.accept(credentials);
            return new BarrierMeshJob(spark, "gpus", NUM_EXECUTORS).run(7000, new Sociable(credentials), progress);
        }
    }

    private SparkConf conf(String script) throws Exception {
        Path copy = folder.resolve(script);
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/discovery/" + script))) {
            Files.copy(in, copy);
        }
        assertThat(copy.toFile().setExecutable(true)).isTrue();
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[2,1,1024]")
                .setAppName("GPU test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set("spark.worker.resource.gpu.amount", "2")
                .set("spark.worker.resource.gpu.discoveryScript", copy.toString())
                .set("spark.executor.resource.gpu.amount", "2")
                .set("spark.task.resource.gpu.amount", "2");
        return SparkSettings.addTo(conf, NUM_EXECUTORS);
    }
}
