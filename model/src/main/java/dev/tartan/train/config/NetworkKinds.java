package dev.tartan.train.config;

import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.network.GptConfig;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.NetworkConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The networks that a config names by {@code network.kind}; to add one, add its line. */
public final class NetworkKinds {
    private static final Map<String, Class<? extends NetworkConfig>> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("gpt", GptConfig.class);
        KINDS.put("llama", LlamaConfig.class);
        KINDS.put("mlp", MlpConfig.class);
        KINDS.put("dl4j", Dl4jConfig.class);
    }

    private NetworkKinds() {}

    /** The records of sizes by kind, the first for configs that name no kind. */
    public static Map<String, Class<? extends NetworkConfig>> all() {
        return Collections.unmodifiableMap(KINDS);
    }
}
