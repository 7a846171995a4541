package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.DataConfig;
import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.config.NetworkConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import dev.tartan.train.config.TrainConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Measures a network of any depth by compiling it with two and with three blocks, once for each layout that changes the
 * program: size of model groups, recomputation, sequence parallelism, and whether there is more than one rank along
 * {@code data}. Thread-safe.
 */
final class MeasureNetwork {
    /** Tried in turn; one that divides a size of the network cannot tell samples from it. */
    private static final int[] PRIMES = {5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

    private static final int SHALLOW = 2;

    private final RunConfig config;
    private final DeviceTraits traits;
    private final Map<Layout, NetworkMeasure> measures = new ConcurrentHashMap<>();

    /** What changes the program. */
    record Layout(int model, boolean severalAlongData, Recompute recompute, boolean sequenceParallel) {
        static Layout of(Candidate candidate) {
            return new Layout(
                    candidate.model(), candidate.data() > 1, candidate.recompute(), candidate.sequenceParallel());
        }
    }

    MeasureNetwork(RunConfig config, DeviceTraits traits) {
        this.config = config;
        this.traits = traits;
    }

    /** The network laid out so; compiled on first use. */
    NetworkMeasure measure(Layout layout) {
        return measures.computeIfAbsent(layout, this::compile);
    }

    private NetworkMeasure compile(Layout layout) {
        if (!(config.network() instanceof NetworkConfig.LanguageModel network) || network.layers() <= SHALLOW + 1) {
            int layers = config.network() instanceof NetworkConfig.LanguageModel shallow ? shallow.layers() : 0;
            return NetworkMeasure.exact(compile(layout, config.network(), layers));
        }
        return new NetworkMeasure(
                compile(layout, withLayers(network, SHALLOW), SHALLOW),
                compile(layout, withLayers(network, SHALLOW + 1), SHALLOW + 1),
                network.layers() - SHALLOW);
    }

    private ProgramMeasure compile(Layout layout, NetworkConfig network, int layers) {
        for (int samples : PRIMES) {
            TrainingPlan plan = TrainingPlan.compile(shallow(layout, network, samples), traits);
            ProgramMeasure measure = new ProgramMeasure(plan, samples, layers);
            if (measure.isClear()) {
                return measure;
            }
        }
        throw new IllegalStateException("sizes of the network share a factor with every batch: network=" + network);
    }

    private RunConfig shallow(Layout layout, NetworkConfig network, int samples) {
        int data = layout.severalAlongData() ? 2 : 1;
        TrainConfig train = config.train();
        StrategyConfig strategy = config.strategy()
                .withZero(0)
                .withRecompute(layout.recompute())
                .withSequenceParallel(layout.sequenceParallel());
        return new RunConfig(
                new MeshConfig(data, layout.model()),
                network,
                // So that no program for generating text is made.
                new DataConfig.Batches(Path.of("none")),
                config.optimizer(),
                new TrainConfig(train.steps(), samples * data, 1, train.seed(), 0),
                config.init(),
                config.output(),
                config.collective(),
                strategy);
    }

    private static NetworkConfig withLayers(NetworkConfig.LanguageModel network, int layers) {
        if (network instanceof NetworkConfig.Llama c) {
            return new NetworkConfig.Llama(
                    c.vocab(),
                    c.context(),
                    c.hidden(),
                    layers,
                    c.heads(),
                    c.kvHeads(),
                    c.intermediate(),
                    c.ropeTheta(),
                    c.eps(),
                    c.tiedHead(),
                    c.dropout());
        }
        NetworkConfig.Gpt c = (NetworkConfig.Gpt) network;
        return new NetworkConfig.Gpt(
                c.vocab(),
                c.context(),
                c.hidden(),
                layers,
                c.heads(),
                c.intermediate(),
                c.eps(),
                c.tiedHead(),
                c.dropout());
    }
}
