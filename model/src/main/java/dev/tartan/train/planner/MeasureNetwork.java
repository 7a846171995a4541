package dev.tartan.train.planner;

import dev.tartan.network.DeepNetworkFactory;
import dev.tartan.network.NetworkFactory;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Measures a network by compiling it, or, if it can be made at any depth, with two and with three blocks; once for each
 * layout that changes the program: size of model groups, recomputation, sequence parallelism, and whether there is more
 * than one rank along {@code data}. Thread-safe.
 */
final class MeasureNetwork {
    /** Tried in turn; one that divides a size of the network cannot tell samples from it. */
    private static final int[] PRIMES = {5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

    private static final int SHALLOW = 2;

    private final TrainingJob job;
    private final DeviceTraits traits;
    private final Map<Layout, NetworkMeasure> measures = new ConcurrentHashMap<>();

    /** What changes the program. */
    record Layout(int model, boolean severalAlongData, Recompute recompute, boolean sequenceParallel) {
        static Layout of(Candidate candidate) {
            return new Layout(
                    candidate.model(), candidate.data() > 1, candidate.recompute(), candidate.sequenceParallel());
        }
    }

    MeasureNetwork(TrainingJob job, DeviceTraits traits) {
        this.job = job;
        this.traits = traits;
    }

    /** The network laid out so; compiled on first use. */
    NetworkMeasure measure(Layout layout) {
        return measures.computeIfAbsent(layout, this::compile);
    }

    private NetworkMeasure compile(Layout layout) {
        if (!(job.network() instanceof DeepNetworkFactory network) || network.layers() <= SHALLOW + 1) {
            return NetworkMeasure.exact(compile(layout, job.network()));
        }
        return new NetworkMeasure(
                compile(layout, network.withLayers(SHALLOW)),
                compile(layout, network.withLayers(SHALLOW + 1)),
                network.layers() - SHALLOW);
    }

    private ProgramMeasure compile(Layout layout, NetworkFactory network) {
        for (int samples : PRIMES) {
            TrainingPlan plan = laidOut(layout, network, samples).compile(traits);
            ProgramMeasure measure = new ProgramMeasure(plan, samples);
            if (measure.isClear()) {
                return measure;
            }
        }
        throw new IllegalStateException("sizes of the network share a factor with every batch: network=" + network);
    }

    private TrainingJob laidOut(Layout layout, NetworkFactory network, int samples) {
        int data = layout.severalAlongData() ? 2 : 1;
        // Without samples, so that no program for generating text is made.
        return job.network(network)
                .samples(null)
                .mesh(data, layout.model())
                .globalBatch(samples * data)
                .microBatches(1)
                .deviceMemoryLimit(0)
                .strategy(job.strategy()
                        .withZero(0)
                        .withShard(0)
                        .withRecompute(layout.recompute())
                        .withSequenceParallel(layout.sequenceParallel()));
    }
}
