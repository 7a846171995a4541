package dev.tartan.spark.runtime;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Chooses the executors that the tasks of a mesh should run in. */
interface Placement {
    /**
     * Where tasks should run.
     *
     * @param numTasks how many there are to be
     * @param places an executor for each; empty if it does not matter
     */
    record Placed(int numTasks, List<ExecutorPlace> places) {
        public Placed {
            places = List.copyOf(places);
        }

        /**
         * The same places, each executor at the task that it had before if it had one, since it may still hold what
         * that task needs.
         *
         * @param before Spark's name of the executor of each task
         */
        Placed keeping(List<String> before) {
            if (places.isEmpty()) {
                return this;
            }
            List<ExecutorPlace> others = new ArrayList<>(places);
            List<@Nullable ExecutorPlace> byTask = new ArrayList<>();
            for (int task = 0; task < numTasks; task++) {
                String name = task < before.size() ? before.get(task) : null;
                ExecutorPlace same = others.stream()
                        .filter(place -> place.id().equals(name))
                        .findFirst()
                        .orElse(null);
                byTask.add(same);
                others.remove(same);
            }
            Iterator<ExecutorPlace> rest = others.iterator();
            return new Placed(
                    numTasks,
                    byTask.stream()
                            .map(same -> same == null ? rest.next() : same)
                            .toList());
        }

        /** One task in each of these. */
        static Placed in(List<ExecutorPlace> places) {
            return new Placed(places.size(), places);
        }
    }

    /**
     * Names an executor for each task, as soon as there are so many with a free slot.
     *
     * @param meanwhile is run again and again during the wait; what it throws ends it
     * @throws IllegalArgumentException if there are not as many executors in time
     * @throws MeshJobException if there are, but other jobs hold their slots
     * @throws ExecutionException if a job that asks executors is cancelled
     */
    Placed await(MeshSizes sizes, Runnable meanwhile) throws InterruptedException, ExecutionException;

    /**
     * An attempt failed for these executors.
     *
     * @param executors Spark's names of them
     */
    default void blame(Set<String> executors) {}
}
