package dev.tartan.spark.runtime;

import java.util.List;
import java.util.OptionalInt;

/**
 * Over how many tasks a job may be spread.
 *
 * @param wanted so many are waited for
 * @param all those that will do, the largest first: more than wanted are taken if they are there anyway, and fewer when
 *     the wait was in vain
 */
record MeshSizes(int wanted, List<Integer> all) {
    MeshSizes {
        all = List.copyOf(all);
        if (!all.contains(wanted)) {
            throw new IllegalArgumentException(
                    "wanted size is not among those that will do: wanted=" + wanted + ", all=" + all + ". Add it.");
        }
    }

    /** No other number will do. */
    static MeshSizes exactly(int numTasks) {
        return new MeshSizes(numTasks, List.of(numTasks));
    }

    /** The largest that so many executors have room for, if any. */
    OptionalInt largestOn(int executors) {
        return all.stream()
                .mapToInt(Integer::intValue)
                .filter(size -> size <= executors)
                .max();
    }

    /** The same, but for those that should not be waited for: at least as many as wanted. */
    OptionalInt enoughOn(int executors) {
        OptionalInt largest = largestOn(executors);
        return largest.isPresent() && largest.getAsInt() >= wanted ? largest : OptionalInt.empty();
    }
}
