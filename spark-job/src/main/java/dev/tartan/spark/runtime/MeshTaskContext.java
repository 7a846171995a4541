package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.util.List;

/** Where a {@link MeshTask} runs; safe for use by all threads of the task. */
public interface MeshTaskContext {
    /** Index of this task among the tasks of the mesh. */
    int taskIndex();

    /** Number of tasks; on a cluster set up as {@link SparkSettings} does it, each is in a process of its own. */
    int numTasks();

    /** Spark's name of the process that this task runs in, {@code driver} in local mode. */
    String executorId();

    /** Name or address of this machine, by which the other executors reach it. */
    String host();

    /** How often the whole stage was run before, 0 at first. */
    int attempt();

    /** Addresses of the GPUs that Spark gave to this task; empty if it gave none. */
    List<String> gpuAddresses();

    /** Whether Spark wants this task to end soon: the job was cancelled, or another task of the mesh failed. */
    boolean isCancelled();

    /**
     * Gives every task's message to every task, in the order of tasks; all tasks call it, as often as each other, each
     * on the thread that runs the task. Takes about a second, since Spark polls: for a rendezvous, never inside a step.
     */
    List<String> allGather(String message);

    /** Sends a Java-serializable message to the driver's {@link ProgressListener}, without waiting; it may get lost. */
    void report(Serializable message);
}
