package dev.tartan.spark.runtime;

import java.util.List;
import java.util.concurrent.ExecutionException;

/** Chooses the executors that the tasks of a mesh should run in. */
interface Placement {
    /**
     * Names an executor for each task, as soon as there are so many with a free slot; an empty list if it does not
     * matter.
     *
     * @param meanwhile is run again and again during the wait; what it throws ends it
     * @throws IllegalArgumentException if there are not as many executors in time
     * @throws MeshJobException if there are, but other jobs hold their slots
     * @throws ExecutionException if a job that asks executors is cancelled
     */
    List<ExecutorPlace> await(int numTasks, Runnable meanwhile) throws InterruptedException, ExecutionException;
}
