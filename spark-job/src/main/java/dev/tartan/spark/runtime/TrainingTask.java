package dev.tartan.spark.runtime;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.NonFiniteException;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import org.jspecify.annotations.Nullable;

/**
 * Trains a plan with the ranks of this process as device threads; process 0 reports each step to the driver and returns
 * the result.
 */
final class TrainingTask implements MeshTask<TrainingPlan, TrainingResult> {
    private static final long serialVersionUID = 1;

    private final NetworkFactory network;
    private final JobCredentials credentials;

    TrainingTask(NetworkFactory network, JobCredentials credentials) {
        this.network = network;
        this.credentials = credentials;
    }

    @Override
    public @Nullable TrainingResult run(TrainingPlan plan, MeshTaskContext context) throws InterruptedException {
        if (context.numTasks() == 1) {
            return MeshTrainer.run(
                    plan, network, Nd4jBackend.forDevices(plan.mesh().numRanks()), new Reports(context));
        }
        MeshTrainer.checkProcesses(plan, context.numTasks());
        try (JoinedMesh mesh = JoinedMesh.join(plan, credentials, context)) {
            Nd4jBackend backend = Nd4jBackend.forDevices(mesh.numRanksOnMachine());
            TrainingResult result = MeshTrainer.run(plan, network, backend, mesh.ranks(), new Reports(context));
            mesh.logLinks();
            return result;
        }
    }

    /** The same numbers would come out again. */
    @Override
    public boolean isFinal(Exception failure) {
        return failure instanceof NonFiniteException || MeshTask.super.isFinal(failure);
    }

    /** Reports to the driver what happens in process 0. */
    private record Reports(MeshTaskContext context) implements TrainingListener {
        @Override
        public void onStep(StepMetrics metrics) {
            context.report(metrics);
        }

        @Override
        public void onValidation(ValidationMetrics metrics) {
            context.report(metrics);
        }
    }
}
