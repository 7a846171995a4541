package dev.tartan.spark.runtime;

import dev.tartan.spark.kryo.TartanKryo;
import dev.tartan.train.memory.AttemptPlace;
import dev.tartan.train.memory.Holding;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.memory.RunMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * Lets the processes of a run tell each other through the driver what they hold of an attempt that failed.
 *
 * @param known what the driver knows of the run
 * @param taskOfProcess the task of each process, in the order of processes
 * @param limit see {@link RunMemory#limit}
 */
record SparkRunMemory(MeshTaskContext context, KnownSteps known, List<Integer> taskOfProcess, Duration limit)
        implements RunMemory {
    SparkRunMemory {
        taskOfProcess = List.copyOf(taskOfProcess);
    }

    /** A process's part in the attempt that its task is of. */
    static AttemptPlace owner(MeshTaskContext context) {
        String executor = context.executorId();
        // All tasks of local mode are in one JVM.
        String place = executor.equals(TrainingTask.DRIVER)
                ? "task " + context.taskIndex() + " of the driver"
                : "executor " + executor;
        return new AttemptPlace(context.runId(), place, context.attempt());
    }

    @Override
    public AttemptPlace owner() {
        return owner(context);
    }

    @Override
    public boolean follows() {
        return known.follows();
    }

    @Override
    public long recordedSteps() {
        return known.recorded();
    }

    @Override
    public long checkpointStep() {
        return known.checkpoint();
    }

    @Override
    public List<Holding> exchange(Holding own) throws InterruptedException {
        List<String> ofTasks = context.allGather(Base64.getEncoder().encodeToString(TartanKryo.toBytes(own)));
        List<Holding> holdings = new ArrayList<>();
        for (int task : taskOfProcess) {
            byte[] bytes = Base64.getDecoder().decode(ofTasks.get(task));
            holdings.add((Holding) Objects.requireNonNull(TartanKryo.fromBytes(bytes)));
        }
        return holdings;
    }

    @Override
    public void begins(RunBeginning beginning) throws InterruptedException {
        context.tell(beginning);
    }
}
