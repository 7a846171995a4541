package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** The body of the barrier stage: runs a {@link MeshTask} and yields its {@link TaskOutcome} as bytes. */
final class BarrierTask<I, R> extends AbstractFunction1<Iterator<Integer>, Iterator<byte[]>> implements Serializable {
    private static final long serialVersionUID = 1;
    static final ClassTag<TaskOutcome> OUTCOME_TAG = ClassTag$.MODULE$.apply(TaskOutcome.class);

    private final String runId;
    private final Broadcast<I> input;
    private final MeshTask<I, R> task;

    BarrierTask(String runId, Broadcast<I> input, MeshTask<I, R> task) {
        this.runId = runId;
        this.input = input;
        this.task = task;
    }

    @Override
    public Iterator<byte[]> apply(Iterator<Integer> partition) {
        BarrierTaskContext spark = BarrierTaskContext.get();
        TaskOutcome outcome;
        try (ProgressSender sender =
                new ProgressSender(runId, spark.stageAttemptNumber(), TartanPlugin.executorContext())) {
            I value = input.value();
            // A task killed just as it starts is marked so, but its thread is not interrupted.
            if (spark.isInterrupted()) {
                throw new TaskKilledException("killed before it started");
            }
            outcome = TaskOutcome.of(spark.partitionId(), task.run(value, new Context(spark, sender)));
        } catch (Exception e) {
            if (!task.isFinal(e) || (spark.isInterrupted() && FinalFailures.isOfInterrupt(e))) {
                throw BarrierTask.<RuntimeException>asUnchecked(e);
            }
            outcome = TaskOutcome.failed(spark.partitionId(), e);
            FinalFailures.tell(runId, outcome, TartanPlugin.executorContext());
        }
        ByteBuffer bytes = SparkEnv.get().serializer().newInstance().serialize(outcome, OUTCOME_TAG);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return Iterator$.MODULE$.single(copy);
    }

    /** Spark must see the exception itself: it tells an interrupt from a failure by its type. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> RuntimeException asUnchecked(Exception e) throws E {
        throw (E) e;
    }

    private record Context(BarrierTaskContext spark, ProgressSender sender) implements MeshTaskContext {
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
        public int attempt() {
            return spark.stageAttemptNumber();
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
        public List<String> allGather(String message) {
            return List.of(spark.allGather(message));
        }

        @Override
        public void report(Serializable message) {
            sender.send(message);
        }
    }
}
