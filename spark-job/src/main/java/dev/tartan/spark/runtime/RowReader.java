package dev.tartan.spark.runtime;

import dev.tartan.train.TrainingPlan;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;

/** Makes samples of the rows of a task. Java serialization takes it to the executors. */
@FunctionalInterface
public interface RowReader extends Serializable {
    /**
     * Reads the rows; called once, on the thread that runs the task.
     *
     * @param rows those given to the task
     * @param dataRanks the data ranks whose samples this process needs, in order
     * @return their samples, to be closed by the caller
     * @throws IllegalArgumentException if the rows are not those that the plan was made for
     */
    ReadSamples read(Iterator<?> rows, TrainingPlan plan, List<Integer> dataRanks);
}
