package dev.tartan.train.config;

import dev.tartan.network.LanguageModelConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.NetworkConfig;
import dev.tartan.train.data.TextSamples;
import java.util.List;

/** The rules between keys; each is looked at only if the keys it names are good by themselves. */
final class RunConfigChecks {
    /** Different values of a byte. */
    private static final int BYTE_VALUES = 256;

    private final ConfigSource source;

    RunConfigChecks(ConfigSource source) {
        this.source = source;
    }

    /** Notes every rule that the config breaks. */
    void check(RunConfig config) {
        TrainConfig train = config.train();
        long portions = (long) config.mesh().data() * train.microBatches();
        if (source.good("train.globalBatch", "train.microBatches", "mesh.data")
                && train.globalBatch() % portions != 0) {
            source.mistakeAmong(
                    "train.globalBatch",
                    List.of("mesh.data", "train.microBatches"),
                    "is not divisible by mesh.data * train.microBatches: globalBatch=" + train.globalBatch()
                            + ", mesh.data=" + config.mesh().data() + ", microBatches=" + train.microBatches()
                            + ". Change one of them.");
        }
        checkShard(config.strategy(), config.mesh().data());
        if (config.network() instanceof NetworkConfig network && source.good("network", "network.kind")) {
            network.check(new NetworkRules(source, config.mesh().model()));
        }
        if (config.network() instanceof LanguageModelConfig network && source.good("network", "network.kind")) {
            checkVocabulary(network, config);
        }
        if (config.network() instanceof MlpConfig
                && config.data() instanceof TextSamples
                && source.good("network", "network.kind", "data", "data.kind")) {
            source.mistakeAmong(
                    "data.kind",
                    List.of("network.kind"),
                    "does not go with network.kind: data.kind=text, network.kind=mlp. Set data.kind=batches.");
        }
        if (config.strategy().sequenceParallel() && source.good("strategy", "strategy.sequenceParallel")) {
            checkSequences(config);
        }
    }

    private void checkShard(StrategyConfig strategy, int data) {
        String key = "strategy.shard";
        if (strategy.shard() == 0 || !source.good("strategy", key)) {
            return;
        }
        if (strategy.zero() == 0 && source.good("strategy.zero")) {
            source.mistakeAmong(
                    key,
                    List.of("strategy.zero"),
                    "goes with strategy.zero=1, 2 or 3, for stage 0 splits nothing: strategy.shard=" + strategy.shard()
                            + ", strategy.zero=0. Raise strategy.zero, or leave strategy.shard out.");
        }
        if (source.good("mesh.data") && data % strategy.shard() != 0) {
            source.mistakeAmong(
                    key,
                    List.of("mesh.data"),
                    "does not divide mesh.data: strategy.shard=" + strategy.shard() + ", mesh.data=" + data
                            + ". Change one of them, or set strategy.shard=0 to split over all of data.");
        }
    }

    private void checkSequences(RunConfig config) {
        if (config.network() instanceof LanguageModelConfig network) {
            if (source.good("network", "network.kind")) {
                checkDivides(
                        "network.context",
                        network.context(),
                        "mesh.model",
                        config.mesh().model(),
                        ", which strategy.sequenceParallel splits it over");
            }
        } else if (source.good("network", "network.kind")) {
            source.mistakeAmong(
                    "strategy.sequenceParallel",
                    List.of("network.kind"),
                    "does not go with network.kind, which has no sequences: strategy.sequenceParallel=true,"
                            + " network.kind=mlp. Set strategy.sequenceParallel=false.");
        }
    }

    private void checkVocabulary(LanguageModelConfig network, RunConfig config) {
        if (config.data() instanceof TextSamples
                && source.good("network.vocab", "data", "data.kind")
                && network.vocab() < BYTE_VALUES) {
            source.mistakeAmong(
                    "network.vocab",
                    List.of("data.kind"),
                    "is too small for bytes of text: vocab=" + network.vocab() + ", data.kind=text. Give " + BYTE_VALUES
                            + " or more.");
        }
    }

    private void checkDivides(String key, int value, String byKey, int by, String why) {
        if (source.good(key, byKey) && value % by != 0) {
            source.mistakeAmong(
                    key,
                    List.of(byKey),
                    "is not divisible by " + byKey + why + ": " + key + "=" + value + ", " + byKey + "=" + by
                            + ". Change one of them.");
        }
    }
}
