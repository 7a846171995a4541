package dev.tartan.train.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Every key there is, by section and kind; the one place that lists them. */
final class ConfigKeys {
    /** Stands for the kind of a section that has none. */
    static final String NO_KIND = "";

    private static final Map<String, Map<String, List<String>>> SECTIONS = sections();

    private ConfigKeys() {}

    private static Map<String, Map<String, List<String>>> sections() {
        Map<String, Map<String, List<String>>> sections = new LinkedHashMap<>();
        sections.put("device", Map.of());
        sections.put("mesh", kinds(NO_KIND, List.of("data", "model")));
        Map<String, List<String>> network = new LinkedHashMap<>();
        NetworkKinds.all().forEach((kind, type) -> {
            List<String> keys = new ArrayList<>(List.of("kind", "class"));
            keys.addAll(new RecordKeys(type).names());
            network.put(kind, keys);
        });
        sections.put("network", network);
        Map<String, List<String>> data = kinds("text", List.of("kind", "path"));
        data.put("batches", List.of("kind", "path"));
        data.put("table", List.of("kind", "path", "format", "options", "fields", "weight"));
        sections.put("data", data);
        List<String> validated = List.of(
                "kind", "path", "everySteps", "judgedBy", "higherIsBetter", "stopAfterRounds", "minDelta", "keepBest");
        Map<String, List<String>> validation = kinds("text", validated);
        validation.put("batches", validated);
        List<String> ofTable = new ArrayList<>(validated);
        ofTable.addAll(List.of("format", "options", "fields", "weight"));
        validation.put("table", ofTable);
        sections.put("validation", validation);
        Map<String, List<String>> optimizer = kinds(
                "adamw",
                List.of("kind", "learningRate", "beta1", "beta2", "eps", "weightDecay", "clipGlobalNorm", "schedule"));
        optimizer.put("sgd", List.of("kind", "learningRate", "momentum", "weightDecay", "clipGlobalNorm", "schedule"));
        optimizer.put("dl4j", List.of("kind", "clipGlobalNorm"));
        sections.put("optimizer", optimizer);
        sections.put("optimizer.schedule", kinds(NO_KIND, List.of("kind", "warmupSteps")));
        sections.put(
                "train",
                kinds(
                        NO_KIND,
                        List.of(
                                "steps",
                                "epochs",
                                "globalBatch",
                                "microBatches",
                                "seed",
                                "deviceMemoryLimit",
                                "onNonFinite",
                                "profile")));
        sections.put("train.profile", kinds(NO_KIND, List.of("steps", "after")));
        sections.put("init", kinds(NO_KIND, List.of("from")));
        sections.put("output", kinds(NO_KIND, List.of("dir")));
        sections.put("checkpoint", kinds(NO_KIND, List.of("dir", "everySteps", "everySeconds", "keep", "async")));
        sections.put(
                "elastic",
                kinds(NO_KIND, List.of("maxFailures", "waitSeconds", "minExecutors", "excludeAfter", "fromMemory")));
        sections.put(
                "collective",
                kinds(
                        NO_KIND,
                        List.of(
                                "transport",
                                "algorithm",
                                "segmentBytes",
                                "timeoutSeconds",
                                "connectTimeoutSeconds",
                                "silenceSeconds",
                                "bindAddress",
                                "portRange",
                                "encrypt",
                                "streams",
                                "messageDelayMillis")));
        sections.put(
                "precision",
                kinds(
                        NO_KIND,
                        List.of(
                                "parameters",
                                "compute",
                                "reduce",
                                "master",
                                "lossScale",
                                "lossScaleStart",
                                "lossScaleGrowthSteps")));
        sections.put(
                "strategy",
                kinds(
                        NO_KIND,
                        List.of(
                                "zero",
                                "shard",
                                "reshardAfterForward",
                                "recompute",
                                "sequenceParallel",
                                "offloadOptimizer",
                                "overlap",
                                "bucketBytes",
                                "prefetchBytes")));
        return sections;
    }

    private static Map<String, List<String>> kinds(String kind, List<String> keys) {
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        kinds.put(kind, keys);
        return kinds;
    }

    /** Names of the sections at the top. */
    static List<String> topSections() {
        return SECTIONS.keySet().stream().filter(name -> !name.contains(".")).toList();
    }

    /** The kinds a section can be of, {@link #NO_KIND} alone if it has none. */
    static List<String> kinds(String section) {
        return List.copyOf(kindsOf(section).keySet());
    }

    /** The keys of a section of this kind; of all its kinds if it has no such kind. */
    static Set<String> keys(String section, String kind) {
        Set<String> keys = new LinkedHashSet<>();
        kindsOf(section).forEach((name, names) -> {
            if (name.equals(kind) || !kindsOf(section).containsKey(kind)) {
                keys.addAll(names);
            }
        });
        return keys;
    }

    /** The kinds of a section that have this key. */
    static List<String> kindsWith(String section, String key) {
        return kindsOf(section).entrySet().stream()
                .filter(kind -> kind.getValue().contains(key))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Every full key there is, sections included. */
    static Set<String> all() {
        Set<String> all = new LinkedHashSet<>(SECTIONS.keySet());
        SECTIONS.forEach((section, kinds) ->
                kinds.values().forEach(keys -> keys.forEach(key -> all.add(section + "." + key))));
        return all;
    }

    private static Map<String, List<String>> kindsOf(String section) {
        return SECTIONS.getOrDefault(section, Map.of());
    }
}
