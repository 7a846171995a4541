package dev.tartan.train.config;

/** Reads the section {@code strategy}. */
final class StrategyConfigReader {
    private final ConfigSection section;

    StrategyConfigReader(ConfigSection section) {
        this.section = section;
    }

    StrategyConfig read() {
        return new StrategyConfig(
                section.integer("zero", 0, StrategyConfig.MAX_ZERO),
                section.integer("shard", 0),
                section.flag("reshardAfterForward"),
                section.constant("recompute", StrategyConfig.Recompute.class),
                section.flag("sequenceParallel"),
                section.flag("offloadOptimizer"),
                section.flag("overlap"),
                section.bytes("bucketBytes"),
                section.bytes("prefetchBytes"));
    }
}
