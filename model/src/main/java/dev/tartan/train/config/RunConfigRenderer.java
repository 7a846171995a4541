package dev.tartan.train.config;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import dev.tartan.dl4j.Dl4jOptimizer;
import dev.tartan.network.NetworkFactory;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TableSamples;
import dev.tartan.train.data.TextSamples;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Writes a run config as HOCON, keys in the order of the documentation. */
final class RunConfigRenderer {
    private RunConfigRenderer() {}

    static String render(RunConfig config) {
        StringBuilder text = new StringBuilder();
        text.append("device = ").append(ConfigWord.of(config.device())).append('\n');
        section(text, "", "mesh", mesh(config.mesh()));
        section(text, "", "network", network(config.network()));
        section(text, "", "data", data(config.data()));
        if (config.validation() != null) {
            section(text, "", "validation", validation(config.validation()));
        }
        section(text, "", "optimizer", optimizer(config));
        section(text, "", "train", train(config.train()));
        Map<String, Object> init = new LinkedHashMap<>();
        init.put(
                "from",
                config.init().from() == null ? "null" : quote(config.init().from()));
        section(text, "", "init", init);
        section(
                text,
                "",
                "output",
                new LinkedHashMap<>(Map.of("dir", quote(config.output().dir()))));
        section(text, "", "checkpoint", checkpoint(config.checkpoint()));
        section(text, "", "elastic", elastic(config.elastic()));
        section(text, "", "precision", config.precision().values());
        section(text, "", "collective", collective(config.collective()));
        if (config.strategy().isAutomatic()) {
            text.append("strategy = auto\n");
        } else {
            section(text, "", "strategy", strategy(config.strategy()));
        }
        return text.toString();
    }

    private static void section(StringBuilder text, String indent, String name, Map<?, ?> values) {
        text.append(indent).append(name).append(" {\n");
        values.forEach((key, value) -> {
            if (value instanceof Map<?, ?> nested) {
                section(text, indent + "  ", (String) key, nested);
            } else {
                text.append(indent)
                        .append("  ")
                        .append(key)
                        .append(" = ")
                        .append(value)
                        .append('\n');
            }
        });
        text.append(indent).append("}\n");
    }

    private static Map<String, Object> mesh(MeshConfig mesh) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("data", mesh.data());
        values.put("model", mesh.model());
        return values;
    }

    private static Map<String, Object> network(NetworkFactory network) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (network instanceof NetworkClass named) {
            values.put("class", quote(named.name()));
        } else if (network instanceof Record sizes) {
            NetworkKinds.all().entrySet().stream()
                    .filter(kind -> kind.getValue() == sizes.getClass())
                    .findFirst()
                    .ifPresentOrElse(
                            kind -> values.put("kind", kind.getKey()),
                            () -> values.put("class", quote(sizes.getClass().getName())));
            RecordKeys.values(sizes)
                    .forEach((key, value) -> values.put(key, value instanceof String text ? quote(text) : value));
        }
        return values;
    }

    private static Map<String, Object> data(SampleSource data) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (data instanceof TextSamples text) {
            values.put("kind", "text");
            values.put("path", quote(text.path()));
        } else if (data instanceof BatchFileSamples batches) {
            values.put("kind", "batches");
            values.put("path", quote(batches.path()));
        } else if (data instanceof TableSamples table) {
            values.put("kind", "table");
            values.put("format", quote(table.format()));
            values.put("path", quote(table.path()));
            values.put("options", object(table.options()));
            values.put("fields", object(table.fields()));
            values.put("weight", table.weight() == null ? "null" : quote(table.weight()));
        }
        return values;
    }

    private static String object(Map<String, ?> values) {
        return ConfigValueFactory.fromMap(values).render(ConfigRenderOptions.concise());
    }

    private static Map<String, Object> validation(ValidationConfig validation) {
        Map<String, Object> values = data(Objects.requireNonNull(validation.samples()));
        if (validation.everySteps() != ValidationConfig.EPOCH) {
            values.put("everySteps", validation.everySteps());
        }
        values.put("judgedBy", quote(validation.judgedBy()));
        values.put("higherIsBetter", validation.higherIsBetter());
        values.put("stopAfterRounds", validation.patience());
        values.put("minDelta", validation.minDelta());
        values.put("keepBest", validation.keepBest());
        return values;
    }

    private static Map<String, Object> optimizer(RunConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        Schedule schedule = Schedule.constant();
        if (config.optimizer() instanceof SgdOptimizer sgd) {
            values.put("kind", "sgd");
            values.put("learningRate", sgd.learningRate());
            values.put("momentum", sgd.momentum());
            values.put("weightDecay", sgd.weightDecay());
            schedule = sgd.schedule();
        } else if (config.optimizer() instanceof AdamWOptimizer adamW) {
            values.put("kind", "adamw");
            values.put("learningRate", adamW.learningRate());
            values.put("beta1", adamW.beta1());
            values.put("beta2", adamW.beta2());
            values.put("eps", adamW.epsilon());
            values.put("weightDecay", adamW.weightDecay());
            schedule = adamW.schedule();
        }
        values.put("clipGlobalNorm", config.clip().maxNorm());
        if (config.optimizer() instanceof Dl4jOptimizer) {
            values.put("kind", "dl4j");
            return values;
        }
        values.put("schedule", schedule(schedule));
        return values;
    }

    private static Map<String, Object> schedule(Schedule schedule) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("kind", ConfigWord.of(schedule.kind()));
        values.put("warmupSteps", schedule.warmupSteps());
        return values;
    }

    private static Map<String, Object> train(TrainConfig train) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put(train.epochs() == 0 ? "steps" : "epochs", train.epochs() == 0 ? train.steps() : train.epochs());
        values.put("globalBatch", train.globalBatch());
        values.put("microBatches", train.microBatches());
        values.put("seed", train.seed());
        values.put("deviceMemoryLimit", train.deviceMemoryLimit() == 0 ? "null" : train.deviceMemoryLimit());
        values.put("onNonFinite", ConfigWord.of(train.onNonFinite()));
        values.put("profile", profile(train.profile()));
        return values;
    }

    private static Map<String, Object> profile(ProfileConfig profile) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("steps", profile.steps());
        values.put("after", profile.after());
        return values;
    }

    private static Map<String, Object> checkpoint(CheckpointConfig checkpoint) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("dir", checkpoint.dir() == null ? "null" : quote(checkpoint.dir()));
        values.put("everySteps", checkpoint.everySteps());
        values.put("everySeconds", checkpoint.everySeconds());
        values.put("keep", checkpoint.keep());
        values.put("async", checkpoint.async());
        return values;
    }

    private static Map<String, Object> elastic(ElasticConfig elastic) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("maxFailures", elastic.maxFailures());
        values.put("waitSeconds", elastic.waitSeconds());
        values.put("minExecutors", elastic.minExecutors());
        values.put("excludeAfter", elastic.excludeAfter());
        values.put("fromMemory", elastic.fromMemory());
        return values;
    }

    private static Map<String, Object> collective(CollectiveConfig collective) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("transport", ConfigWord.of(collective.transport()));
        values.put("algorithm", ConfigWord.of(collective.algorithm()));
        values.put("segmentBytes", collective.segmentBytes());
        values.put("timeoutSeconds", collective.timeoutSeconds());
        values.put("connectTimeoutSeconds", collective.connectTimeoutSeconds());
        values.put("silenceSeconds", collective.silenceSeconds());
        values.put("bindAddress", quote(collective.bindAddress()));
        values.put("portRange", quote(collective.portRange()));
        values.put("encrypt", collective.encrypt());
        values.put("streams", collective.streams());
        values.put("messageDelayMillis", collective.messageDelayMillis());
        return values;
    }

    private static Map<String, Object> strategy(StrategyConfig strategy) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("zero", strategy.zero());
        values.put("shard", strategy.shard());
        values.put("reshardAfterForward", strategy.reshardAfterForward());
        values.put("recompute", ConfigWord.of(strategy.recompute()));
        values.put("sequenceParallel", strategy.sequenceParallel());
        values.put("offloadOptimizer", strategy.offloadOptimizer());
        values.put("overlap", strategy.overlap());
        values.put("bucketBytes", strategy.bucketBytes());
        values.put("prefetchBytes", strategy.prefetchBytes());
        return values;
    }

    private static String quote(Object text) {
        return ConfigUtil.quoteString(text.toString());
    }
}
