package dev.tartan.train.planner;

import dev.tartan.train.config.NetworkConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All ways to run a network on a number of devices: every mesh whose model groups fit a node and divide the network,
 * every stage of ZeRO, recomputation, sequence parallelism where there are model groups, and micro-batches in powers of
 * two, down to one sample per rank.
 */
public final class Candidates {
    private Candidates() {}

    /** Every candidate on {@code devices} devices, of which model groups span at most {@code devicesPerNode}. */
    public static List<Candidate> onDevices(RunConfig config, int devices, int devicesPerNode) {
        return onDevices(config, devices, devicesPerNode, 1);
    }

    /** As {@link #onDevices(RunConfig, int, int)}, with at least {@code microBatches}, doubled. */
    static List<Candidate> onDevices(RunConfig config, int devices, int devicesPerNode, int microBatches) {
        List<Candidate> all = new ArrayList<>();
        for (int model = 1; model <= Math.min(devices, devicesPerNode); model++) {
            if (devices % model == 0 && divides(config.network(), model)) {
                all.addAll(onMesh(config, devices / model, model, microBatches));
            }
        }
        return all;
    }

    /** Every candidate on one mesh. */
    public static List<Candidate> onMesh(RunConfig config, int data, int model) {
        return onMesh(config, data, model, 1);
    }

    private static List<Candidate> onMesh(RunConfig config, int data, int model, int leastMicroBatches) {
        List<Candidate> all = new ArrayList<>();
        for (int microBatches : microBatches(config.train().globalBatch(), data, leastMicroBatches)) {
            for (Recompute recompute : Recompute.values()) {
                for (boolean sequenceParallel : sequenceParallel(config.network(), model)) {
                    for (int zero = 0; zero <= (data == 1 ? 0 : StrategyConfig.MAX_ZERO); zero++) {
                        all.add(new Candidate(data, model, zero, recompute, sequenceParallel, microBatches));
                    }
                }
            }
        }
        return all;
    }

    private static boolean[] sequenceParallel(NetworkConfig network, int model) {
        boolean possible =
                model > 1 && network instanceof NetworkConfig.LanguageModel language && language.context() % model == 0;
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

    private static boolean divides(NetworkConfig network, int model) {
        if (network instanceof NetworkConfig.LanguageModel language) {
            return language.heads() % model == 0 && language.intermediate() % model == 0;
        }
        return network instanceof NetworkConfig.Mlp mlp && mlp.hidden().stream().allMatch(width -> width % model == 0);
    }
}
