package dev.tartan.train;

import java.util.ArrayList;
import java.util.List;

/**
 * A job over fewer processes: with fewer ranks along {@code data}, each process as many as before, and the same global
 * batch, so that its steps give the same numbers but for rounding.
 */
public final class SmallerMesh {
    private SmallerMesh() {}

    /**
     * The jobs that would do, the best first: the next ones have more micro-batches, and need less memory.
     *
     * @param processes over which the job's mesh is spread
     * @param fewer over how many it is to be spread
     * @return empty if the global batch or the groups along {@code model} do not divide over so few
     */
    public static List<TrainingJob> of(TrainingJob job, int processes, int fewer) {
        long shared = (long) job.mesh().data() * fewer;
        if (shared % processes != 0) {
            // Each group along 'model' takes several processes, of which these are no whole number.
            return List.of();
        }
        int data = Math.toIntExact(shared / processes);
        int batch = job.train().globalBatch();
        List<TrainingJob> jobs = new ArrayList<>();
        for (int microBatches = job.train().microBatches(); microBatches <= batch / data; microBatches++) {
            if (batch % (data * microBatches) == 0) {
                jobs.add(job.mesh(data, job.mesh().model()).microBatches(microBatches));
            }
        }
        return jobs;
    }
}
