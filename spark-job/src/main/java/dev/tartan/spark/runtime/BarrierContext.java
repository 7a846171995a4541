package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;
import scala.collection.JavaConverters;

/** A task of a barrier stage, as a {@link MeshTask} sees it. */
final class BarrierContext implements MeshTaskContext {
    /** Spark starts all tasks at once, yet some executors may have to fetch their jars first. */
    private static final Duration GATHER_LIMIT = Duration.ofMinutes(10);

    /** Small beside what Spark allows a message to have, spark.rpc.message.maxSize, 128 MiB if not set. */
    private static final int PIECE_BYTES = 4 << 20;

    private static final Duration PIECE_LIMIT = Duration.ofMinutes(2);

    /** After its last piece the file gets its name, for which an object store copies it. */
    private static final Duration LAST_PIECE_LIMIT = Duration.ofMinutes(30);

    private final BarrierTaskContext spark;
    private final String runId;
    private final int attempt;
    private final DriverLink driver;
    private final ProgressSender sender;
    private final Iterator<Object> rows;
    private int round;

    BarrierContext(
            BarrierTaskContext spark,
            String runId,
            int attempt,
            DriverLink driver,
            ProgressSender sender,
            scala.collection.Iterator<Object> rows) {
        this.spark = spark;
        this.runId = runId;
        this.attempt = attempt;
        this.driver = driver;
        this.sender = sender;
        this.rows = JavaConverters.asJavaIterator(rows);
    }

    @Override
    public int taskIndex() {
        return spark.partitionId();
    }

    @Override
    public int numTasks() {
        return spark.numPartitions();
    }

    @Override
    public String executorId() {
        return SparkEnv.get().executorId();
    }

    @Override
    public String host() {
        String address = spark.getTaskInfos()[spark.partitionId()].address();
        int colon = address.lastIndexOf(':');
        return colon < 0 ? address : address.substring(0, colon);
    }

    @Override
    public String runId() {
        return runId;
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public List<String> gpuAddresses() {
        @Nullable ResourceInformation gpus = spark.resourcesJMap().get("gpu");
        return gpus == null ? List.of() : List.of(gpus.addresses());
    }

    @Override
    public boolean isCancelled() {
        return spark.isInterrupted();
    }

    @Override
    public Iterator<?> rows() {
        return rows;
    }

    @Override
    @SuppressWarnings("unchecked")
    public List<String> allGather(String message) throws InterruptedException {
        TaskMessage part = new TaskMessage.Gather(attempt, round++, taskIndex(), message);
        return (List<String>) driver.ask(part, GATHER_LIMIT);
    }

    @Override
    public void sendFile(String name, Path file) throws IOException, InterruptedException {
        try (InputStream in = Files.newInputStream(file)) {
            long offset = 0;
            byte[] piece = in.readNBytes(PIECE_BYTES);
            boolean last;
            do {
                byte[] next = in.readNBytes(PIECE_BYTES);
                last = next.length == 0;
                Object answer = driver.ask(
                        new TaskMessage.FilePart(attempt, name, offset, piece, last),
                        last ? LAST_PIECE_LIMIT : PIECE_LIMIT);
                if (!Boolean.TRUE.equals(answer)) {
                    throw OutputException.refused(name, String.valueOf(answer));
                }
                offset += piece.length;
                piece = next;
            } while (!last);
        }
    }

    @Override
    public void report(Object report) {
        sender.send(report);
    }

    @Override
    public void tell(Object report) throws InterruptedException {
        ask(new TaskMessage.Progress(attempt, List.of(report)));
    }

    @Override
    public boolean isStopAsked() throws InterruptedException {
        return Boolean.TRUE.equals(ask(new TaskMessage.StopQuestion(attempt)));
    }

    private Object ask(TaskMessage message) throws InterruptedException {
        try {
            return driver.ask(message, PIECE_LIMIT);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            // Some are checked, which Scala does not declare.
            throw new IllegalStateException("driver does not answer: reason=" + e, e);
        }
    }
}
