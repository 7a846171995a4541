package dev.tartan.spark.runtime;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** Where a {@link MeshTask} runs; safe for use by all threads of the task. */
public interface MeshTaskContext {
    /** Index of this task among the tasks of the mesh. */
    int taskIndex();

    /** Number of tasks; on a cluster each is in a process of its own. */
    int numTasks();

    /** Spark's name of the process that this task runs in, {@code driver} in local mode. */
    String executorId();

    /** Name or address of this machine, by which the other executors reach it. */
    String host();

    /** A text that tells this run apart from all others, the same in all of its tasks and attempts. */
    String runId();

    /** How often all tasks were started before, 0 at first. */
    int attempt();

    /** Addresses of the GPUs that Spark gave to this task; empty if it gave none. */
    List<String> gpuAddresses();

    /** Whether Spark wants this task to end soon: the job was cancelled, or another task of the mesh failed. */
    boolean isCancelled();

    /**
     * The rows that were given to this task, of the type of the RDD given to {@link BarrierMeshJob}; none if none was
     * given. To be read once, by the thread that runs the task.
     */
    Iterator<?> rows();

    /**
     * Gives every task's message to every task, in the order of tasks, through the driver; all tasks call it, as often
     * as each other, each on the thread that runs the task. For a rendezvous, never inside a step.
     */
    List<String> allGather(String message) throws InterruptedException;

    /**
     * Sends a file of this task to the driver, piece by piece, and returns when all of it is there.
     *
     * @param name what the driver is to call it
     * @throws dev.tartan.checkpoint.OutputException if the driver cannot keep it
     */
    void sendFile(String name, Path file) throws IOException, InterruptedException;

    /**
     * Sends a report, of a type that travels by Tartan's Kryo, to the driver's {@link ProgressListener}, without
     * waiting; it may get lost.
     */
    void report(Object report);

    /**
     * Sends a report as {@link #report} does, and returns when the listener has it.
     *
     * @throws IllegalStateException if the driver does not answer
     */
    void tell(Object report) throws InterruptedException;

    /**
     * Asks the driver whether the run is to end gently, at a time of its own choice.
     *
     * @throws IllegalStateException if the driver does not answer
     */
    boolean isStopAsked() throws InterruptedException;
}
