package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.util.List;

/** Where a {@link MeshTask} runs; safe for use by all threads of the task. */
public interface MeshTaskContext {
    /** Index of this task among the tasks of the mesh. */
    int taskIndex();

    /** Number of tasks, each in a process of its own. */
    int numTasks();

    /** How often the whole stage was run before, 0 at first. */
    int attempt();

    /** Addresses of the GPUs that Spark gave to this task; empty if it gave none. */
    List<String> gpuAddresses();

    /** Whether Spark wants this task to end soon: the job was cancelled, or another task of the mesh failed. */
    boolean isCancelled();

    /** Sends a Java-serializable message to the driver's {@link ProgressListener}, without waiting; it may get lost. */
    void report(Serializable message);
}
