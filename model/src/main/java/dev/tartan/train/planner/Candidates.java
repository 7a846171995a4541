package dev.tartan.train.planner;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Network;
import dev.tartan.network.ParamLayout;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.graph.RunMesh;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All ways to run a network on a number of devices: every mesh whose model groups fit a node and divide the network,
 * every stage of ZeRO, recomputation, sequence parallelism where there are model groups, and micro-batches in powers of
 * two, down to one sample per rank. Where the job says over how many ranks ZeRO splits, those of which {@code data} is
 * a multiple, from stage 1 on.
 */
public final class Candidates {
    private Candidates() {}

    /** Every candidate on {@code devices} devices, of which model groups span at most {@code devicesPerNode}. */
    public static List<Candidate> onDevices(TrainingJob job, int devices, int devicesPerNode) {
        return onDevices(job, devices, devicesPerNode, 1);
    }

    /** As {@link #onDevices(TrainingJob, int, int)}, with at least {@code microBatches}, doubled. */
    static List<Candidate> onDevices(TrainingJob job, int devices, int devicesPerNode, int microBatches) {
        Network network = job.create();
        List<Candidate> all = new ArrayList<>();
        for (int model = 1; model <= Math.min(devices, devicesPerNode); model++) {
            if (devices % model == 0 && divides(network, model)) {
                all.addAll(onMesh(job, devices / model, model, microBatches));
            }
        }
        return all;
    }

    /** Every candidate on one mesh. */
    public static List<Candidate> onMesh(TrainingJob job, int data, int model) {
        return onMesh(job, data, model, 1);
    }

    private static List<Candidate> onMesh(TrainingJob job, int data, int model, int leastMicroBatches) {
        Network network = job.create();
        List<Candidate> all = new ArrayList<>();
        int shard = job.strategy().shard();
        if (shard > 0 && data % shard != 0) {
            return all;
        }
        for (int microBatches : microBatches(job.train().globalBatch(), data, leastMicroBatches)) {
            for (Recompute recompute : Recompute.values()) {
                for (boolean sequenceParallel : sequenceParallel(network, model)) {
                    for (int zero = shard > 0 ? 1 : 0; zero <= (data == 1 ? 0 : StrategyConfig.MAX_ZERO); zero++) {
                        all.add(new Candidate(data, model, zero, recompute, sequenceParallel, microBatches));
                    }
                }
            }
        }
        return all;
    }

    private static boolean[] sequenceParallel(Network network, int model) {
        boolean possible = model > 1 && network instanceof LanguageModel language && language.context() % model == 0;
        return possible ? new boolean[] {false, true} : new boolean[] {false};
    }

    private static List<Integer> microBatches(int globalBatch, int data, int least) {
        if (globalBatch % data != 0) {
            return List.of();
        }
        int samples = globalBatch / data;
        return IntStream.iterate(least, count -> count <= samples && count > 0, count -> 2 * count)
                .filter(count -> samples % count == 0)
                .boxed()
                .toList();
    }

    /** Whether the model groups can split what the network says they split. */
    private static boolean divides(Network network, int model) {
        Mesh mesh = RunMesh.of(1, model);
        try {
            network.parameters().values().forEach(param -> ParamLayout.of(param, mesh));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
