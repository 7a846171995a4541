package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which listener on this driver hears which run. Safe for use by many threads. */
final class ProgressRoutes {
    private static final Map<String, ProgressListener> LISTENERS = new ConcurrentHashMap<>();

    private ProgressRoutes() {}

    static void add(String runId, ProgressListener listener) {
        if (LISTENERS.putIfAbsent(runId, listener) != null) {
            throw new IllegalArgumentException(
                    "run is already under way: run=" + runId + ". Give each run a name of its own.");
        }
    }

    static void remove(String runId) {
        LISTENERS.remove(runId);
    }

    /** Hands messages on; those of a run that has ended are dropped. */
    static void deliver(ProgressMessage message) {
        ProgressListener listener = LISTENERS.get(message.runId());
        if (listener != null) {
            for (Serializable each : message.messages()) {
                listener.onProgress(message.attempt(), each);
            }
        }
    }
}
