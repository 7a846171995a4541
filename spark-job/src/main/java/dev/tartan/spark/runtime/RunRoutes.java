package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Who on this driver hears what tasks of which run tell. Safe for use by many threads. */
final class RunRoutes {
    private static final Map<String, Route> ROUTES = new ConcurrentHashMap<>();

    private RunRoutes() {}

    private record Route(ProgressListener progress, Consumer<TaskOutcome> finalFailure) {}

    static void add(String runId, ProgressListener progress, Consumer<TaskOutcome> finalFailure) {
        if (ROUTES.putIfAbsent(runId, new Route(progress, finalFailure)) != null) {
            throw new IllegalArgumentException(
                    "run is already under way: run=" + runId + ". Give each run a name of its own.");
        }
    }

    static void remove(String runId) {
        ROUTES.remove(runId);
    }

    /** Hands messages on; those of a run that has ended are dropped. */
    static void deliver(ProgressMessage message) {
        Route route = ROUTES.get(message.runId());
        if (route != null) {
            for (Serializable each : message.messages()) {
                route.progress().onProgress(message.attempt(), each);
            }
        }
    }

    /** Hands a failure on; that of a run that has ended is dropped. */
    static void deliver(FinalFailureMessage message) {
        Route route = ROUTES.get(message.runId());
        if (route != null) {
            route.finalFailure().accept(new TaskOutcome(message.taskIndex(), null, message.failure()));
        }
    }
}
