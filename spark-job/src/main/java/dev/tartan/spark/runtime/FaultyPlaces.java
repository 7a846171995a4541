package dev.tartan.spark.runtime;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where executors of a run have failed: a GPU, or a host, at which that happened again and again is excluded from the
 * rest of the run, as long as others are left. Executors themselves do not count, since another one comes in the place
 * of one that is gone. Used by one thread.
 */
final class FaultyPlaces {
    private static final Logger LOG = LoggerFactory.getLogger(FaultyPlaces.class);

    private final int limit;
    private final Map<String, ExecutorPlace> known = new HashMap<>();
    private final Map<String, Integer> failures = new HashMap<>();
    private final Set<String> told = new HashSet<>();

    /**
     * Starts without failures.
     *
     * @param limit how many failures exclude; 0 for any number
     */
    FaultyPlaces(int limit) {
        this.limit = limit;
    }

    /** Remembers where executors are, for when they are gone. */
    void know(Collection<ExecutorPlace> places) {
        places.forEach(place -> known.put(place.id(), place));
    }

    /** Counts a failure of an attempt against the executors that are to blame for it. */
    void failed(Set<String> executors) {
        Set<String> hosts = new HashSet<>();
        for (String id : executors) {
            ExecutorPlace place = known.get(id);
            if (place == null) {
                continue;
            }
            hosts.add(place.host());
            if (!place.gpus().isEmpty()) {
                failures.merge(gpu(place), 1, Integer::sum);
            }
        }
        hosts.forEach(host -> failures.merge(host, 1, Integer::sum));
    }

    private static String gpu(ExecutorPlace place) {
        return place.host() + " gpu " + place.gpus();
    }

    /** Those of the executors that may be used. */
    List<ExecutorPlace> usable(List<ExecutorPlace> places) {
        if (limit == 0 || failures.isEmpty()) {
            return places;
        }
        List<ExecutorPlace> usable = new ArrayList<>();
        for (ExecutorPlace place : places) {
            if (isFaulty(gpu(place)) || (isFaulty(place.host()) && !isOfOneGpu(place.host()))) {
                tell(place);
            } else {
                usable.add(place);
            }
        }
        return usable.isEmpty() ? places : usable;
    }

    private boolean isFaulty(String name) {
        return failures.getOrDefault(name, 0) >= limit;
    }

    /** Whether one GPU alone is what a host's failures come from. */
    private boolean isOfOneGpu(String host) {
        return failures.entrySet().stream()
                .anyMatch(entry -> entry.getKey().startsWith(host + " gpu ")
                        && entry.getValue().equals(failures.get(host)));
    }

    private void tell(ExecutorPlace place) {
        String name = isFaulty(gpu(place)) ? gpu(place) : place.host();
        if (told.add(name)) {
            LOG.warn(
                    "place is not used any more while others are left: place='{}', failures={}, limit={}",
                    name,
                    failures.get(name),
                    limit);
        }
    }
}
