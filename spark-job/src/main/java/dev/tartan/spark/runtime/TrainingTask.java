package dev.tartan.spark.runtime;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;

/** Trains a plan in this process, all ranks of the mesh as device threads, reporting each step to the driver. */
final class TrainingTask implements MeshTask<TrainingPlan, TrainingResult> {
    private static final long serialVersionUID = 1;

    @Override
    public TrainingResult run(TrainingPlan plan, MeshTaskContext context) throws InterruptedException {
        Nd4jBackend backend = Nd4jBackend.forDevices(plan.mesh().numRanks());
        return MeshTrainer.run(plan, backend, context::report);
    }
}
