package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.MeshId;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.network.MlpConfig;
import dev.tartan.op.Activation;
import dev.tartan.train.CommunicationOptions;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A thread of attempt 0 that Spark could not end goes on dialling the ports it knows, where attempt 1 listens, with the
 * secret of {@code spark.authenticate}: it is refused, and attempt 1 is not disturbed.
 */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZombieTaskTest {
    private static final int TRIES = 3;

    /** Of this process. */
    private static final AtomicInteger TRIED = new AtomicInteger();

    private static final AtomicInteger JOINED = new AtomicInteger();

    /** Fails in attempt 0, leaving a zombie behind, and works in attempt 1 until that has tried a few times. */
    private record Task(JobCredentials credentials, int firstPort) implements MeshTask<TrainingPlan, String> {
        private static final long serialVersionUID = 1;

        @Override
        public String run(TrainingPlan plan, MeshTaskContext context) throws Exception {
            try (JoinedMesh mesh = JoinedMesh.join(plan, credentials, context)) {
                int rank = mesh.ranks().process();
                Communicator all = mesh.ranks().communicators().communicator(rank, List.of("data"));
                all.barrier("all here");
                if (context.attempt() == 0) {
                    if (context.taskIndex() == 1) {
                        leaveZombie(plan.collective(), context.runId());
                    }
                    throw new IllegalStateException("attempt 0 ends");
                }
                long rounds = 0;
                // The zombie's executor says when it has had enough.
                while (!context.allGather(Integer.toString(TRIED.get())).stream()
                        .anyMatch(tried -> Integer.parseInt(tried) >= TRIES)) {
                    all.barrier("round " + rounds++);
                }
                return context.attempt() + " " + JOINED.get();
            }
        }

        private void leaveZombie(CollectiveConfig config, String runId) {
            TcpOptions options = CommunicationOptions.sockets(config, credentials.encrypt())
                    .withConnectTimeout(Duration.ofMillis(700));
            Thread zombie = new Thread(() -> {
                while (TRIED.get() < TRIES) {
                    dial(runId, firstPort, options);
                    dial(runId, firstPort + 1, options);
                    TRIED.incrementAndGet();
                }
            });
            zombie.setDaemon(true);
            zombie.start();
        }

        private void dial(String runId, int port, TcpOptions options) {
            TcpEndpoint own = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), new PortRange(0, 0));
            List<ProcessAddress> told = List.of(
                    new ProcessAddress("0", "127.0.0.1", port, "a"),
                    new ProcessAddress("1", "127.0.0.1", own.port(), "a"));
            try {
                TcpNode.join(
                                own,
                                new ProcessGroup(new MeshId(runId, 0), 1, told),
                                JobSecret.of(credentials.secret()),
                                options)
                        .close();
                JOINED.incrementAndGet();
            } catch (CollectiveException refused) {
                own.close();
            }
        }
    }

    @Test
    void aZombieOfAttempt0DoesNotDisturbAttempt1() throws Exception {
        SparkConf conf = new SparkConf(false)
                .setMaster("local-cluster[2,1,1024]")
                .setAppName("zombie test")
                .set("spark.ui.enabled", "false")
                .set("spark.authenticate", "true")
                .set("spark.authenticate.secret", "a secret of the cluster, long enough")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        int port = freePorts();
        TrainingPlan plan = TrainingJob.of(new MlpConfig(2, List.of(2), 2, Activation.TANH))
                .mesh(2, 1)
                .collective(listeningOn(port + "-" + (port + 1)))
                .compile(Nd4jBackend.forDevices(1));
        try (JavaSparkContext spark = new JavaSparkContext(SparkSettings.addTo(conf, 2))) {
            Task task = new Task(JobCredentials.ofDriver(spark.getConf()), port);
            assertThat(new BarrierMeshJob(spark, "zombies", 2).run(plan, task, (attempt, report) -> {}))
                    .containsExactly("1 0", "1 0");
        }
    }

    private static CollectiveConfig listeningOn(String portRange) {
        return RunConfigLoader.parse("""
                        mesh { data=2, model=1 }
                        network { kind=mlp, inputs=2, hidden=[2], outputs=2 }
                        data { kind=batches, path=unused }
                        optimizer { kind=sgd, learningRate=0.1 }
                        train { steps=1, globalBatch=2 }
                        output { dir=unused }
                        collective { portRange="%s" }
                        """.formatted(portRange)).collective();
    }

    /** The first of two ports in a row. */
    private static int freePorts() throws Exception {
        for (int tried = 0; tried < 100; tried++) {
            int port;
            try (ServerSocket first = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = first.getLocalPort();
            }
            if (port < 65_535 && isFree(port + 1)) {
                return port;
            }
        }
        throw new IllegalStateException("no two ports in a row are free");
    }

    private static boolean isFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException e) {
            return false;
        }
    }
}
