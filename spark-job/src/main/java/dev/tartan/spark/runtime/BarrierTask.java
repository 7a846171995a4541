package dev.tartan.spark.runtime;

import dev.tartan.spark.filesystem.HadoopSettings;
import dev.tartan.spark.kryo.TartanKryo;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.runtime.AbstractFunction1;

/** The body of the barrier stage: runs a {@link MeshTask} and yields its {@link TaskOutcome} as bytes. */
final class BarrierTask<I, R> extends AbstractFunction1<Iterator<Object>, Iterator<byte[]>> implements Serializable {
    private static final long serialVersionUID = 1;

    private final String endpoint;
    private final int attempt;
    private final Broadcast<byte[]> input;
    private final TaskClosure closure;
    private final HadoopSettings settings;

    /**
     * Makes the body.
     *
     * @param endpoint name of the driver's {@link DriverEndpoint}
     * @param attempt how often the tasks were started before
     * @param input of all tasks, as bytes of Tartan's Kryo
     * @param closure the task
     * @param settings of the driver's file systems
     */
    BarrierTask(String endpoint, int attempt, Broadcast<byte[]> input, TaskClosure closure, HadoopSettings settings) {
        this.endpoint = endpoint;
        this.attempt = attempt;
        this.input = input;
        this.closure = closure;
        this.settings = settings;
    }

    @Override
    public Iterator<byte[]> apply(Iterator<Object> rows) {
        try {
            return Iterator$.MODULE$.single(TartanKryo.toBytes(outcome(rows)));
        } catch (Exception e) {
            throw BarrierTask.<RuntimeException>asUnchecked(e);
        }
    }

    @SuppressWarnings("try") // The watch works by itself.
    private TaskOutcome outcome(Iterator<Object> rows) throws Exception {
        BarrierTaskContext spark = BarrierTaskContext.get();
        DriverLink driver = DriverLink.to(endpoint);
        // Paths in what follows are in stores that these make known.
        settings.bring();
        MeshTask<I, R> task;
        try {
            task = task();
        } catch (Exception e) {
            return finalFailure(driver, attempt, spark, e);
        }
        try (ProgressSender sender = new ProgressSender(driver, attempt);
                EndWithSession watch = EndWithSession.of(Thread.currentThread())) {
            BarrierContext context = new BarrierContext(spark, endpoint, attempt, driver, sender, rows);
            // Nobody begins before the driver has seen where all are.
            context.allGather(context.executorId());
            I value = input();
            // A task killed just as it starts is marked so, but its thread is not interrupted.
            if (spark.isInterrupted()) {
                throw new TaskKilledException("killed before it started");
            }
            return TaskOutcome.of(spark.partitionId(), task.run(value, context));
        } catch (NullPointerException e) {
            if (closure.leftOut().isEmpty()) {
                throw e;
            }
            return finalFailure(
                    driver,
                    attempt,
                    spark,
                    new IllegalArgumentException(
                            "something is null on the executor, perhaps a value of the notebook that could not be"
                                    + " sent: left=" + closure.leftOut()
                                    + ". Do not use these values where the network is made.",
                            e));
        } catch (Exception e) {
            if (!task.isFinal(e) || (spark.isInterrupted() && FinalFailures.isOfInterrupt(e))) {
                throw e;
            }
            return finalFailure(driver, attempt, spark, e);
        }
    }

    private static TaskOutcome finalFailure(
            DriverLink driver, int attempt, BarrierTaskContext spark, Exception failure) {
        TaskOutcome outcome = TaskOutcome.failed(spark.partitionId(), failure);
        FinalFailures.tell(driver, attempt, outcome);
        return outcome;
    }

    @SuppressWarnings("unchecked")
    private MeshTask<I, R> task() {
        try {
            return (MeshTask<I, R>) closure.task();
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(
                    "class is not known to the executor: class=" + e.getMessage()
                            + ". Give its jar to the session: --jars, or spark.jars.",
                    e);
        } catch (IOException e) {
            throw new IllegalArgumentException("task cannot be read on the executor: reason=" + e, e);
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // The driver wrote an I.
    private I input() {
        return (I) TartanKryo.fromBytes(input.value());
    }

    /** Spark must see the exception itself: it tells an interrupt from a failure by its type. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> RuntimeException asUnchecked(Exception e) throws E {
        throw (E) e;
    }
}
