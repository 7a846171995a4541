package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.data.HostBatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Times training steps of a plan on one batch, without data files or outputs. */
public final class StepBench {
    private StepBench() {}

    /**
     * What was measured, as rank 0 saw it.
     *
     * @param stepMillis of each timed step
     * @param opNanos of one more step, by op, largest first
     */
    public record Result(List<Double> stepMillis, Map<String, Long> opNanos) {}

    /**
     * Runs steps on all ranks as device threads of this process.
     *
     * @param batch the samples that every rank along {@code data} runs, its own part of a global batch
     * @param warmUp steps not timed
     * @param timed steps timed
     */
    public static Result run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, HostBatch batch, int warmUp, int timed)
            throws InterruptedException {
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            return run(plan, backend, batch, warmUp, timed, factory.create(), communicators);
        }
    }

    private static Result run(
            TrainingPlan plan,
            Backend backend,
            HostBatch batch,
            int warmUp,
            int timed,
            Network network,
            MeshCommunicators communicators)
            throws InterruptedException {
        List<Double> millis = Collections.synchronizedList(new ArrayList<>());
        Map<String, Long> profile = Collections.synchronizedMap(new LinkedHashMap<>());
        new MeshRun(backend, ProcessRanks.all(communicators)).run((rank, device) -> {
            try (RankExecutor executor =
                    new RankExecutor(plan.step().program(), plan.step().memory(), rank, device, communicators)) {
                RankTrainer trainer = new RankTrainer(plan, rank, executor);
                trainer.initialize(network, null);
                for (int step = 0; step < warmUp + timed; step++) {
                    long start = System.nanoTime();
                    trainer.step(step, batch);
                    trainer.loss();
                    if (rank == 0 && step >= warmUp) {
                        millis.add((System.nanoTime() - start) / 1e6);
                    }
                }
                Map<String, Long> nanos = executor.trace().computingByLabel();
                if (rank == 0) {
                    profile.putAll(nanos);
                }
            }
        });
        return new Result(List.copyOf(millis), profile);
    }
}
