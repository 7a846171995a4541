package dev.tartan.train.config;

import dev.tartan.network.KeyRules;
import java.util.List;

/** What must hold among the keys of section {@code network}; noted in the source, if the keys are good themselves. */
final class NetworkRules implements KeyRules {
    private static final String PREFIX = "network.";
    private static final String MODEL = "mesh.model";

    private final ConfigSource source;
    private final int model;
    /** Whether every key is good by itself, so that a value that follows from others is the user's too. */
    private final boolean good;

    NetworkRules(ConfigSource source, int model) {
        this.source = source;
        this.model = model;
        this.good = source.goodBelow("network");
    }

    @Override
    public void divides(String key, long value, String byKey, long by) {
        check(by == 0 || value % by == 0, PREFIX + key, value, PREFIX + byKey, by);
    }

    @Override
    public void splitsOverModel(String key, long value) {
        check(value % model == 0, PREFIX + key, value, MODEL, model);
    }

    private void check(boolean holds, String key, long value, String byKey, long by) {
        // A value that follows from a bad one is not the user's mistake.
        boolean told = source.has(key) || good;
        if (!holds && told && source.good(key, byKey)) {
            source.mistakeAmong(
                    key,
                    List.of(byKey),
                    "is not divisible by " + byKey + ": " + key + "=" + value + ", " + byKey + "=" + by
                            + ". Change one of them.");
        }
    }

    @Override
    public void require(boolean holds, String key, String otherKey, String message) {
        if (!holds && source.good(PREFIX + key, PREFIX + otherKey)) {
            source.mistakeAmong(PREFIX + key, List.of(PREFIX + otherKey), message);
        }
    }
}
