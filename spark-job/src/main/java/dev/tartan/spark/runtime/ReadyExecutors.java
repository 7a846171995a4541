package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Finds executors on which the tasks of a mesh can run, one each. Spark lists an executor as soon as it has registered,
 * yet gives it tasks only when it has fetched its jars: a stage submitted in between would be put onto the others. So
 * an executor that has never run a task is asked to run a small one first.
 */
final class ReadyExecutors implements Placement {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyExecutors.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Above Spark's wait for a preferred executor, and the time a first task takes to load its classes. */
    private static final Duration ASK_LIMIT = Duration.ofSeconds(30);

    private static final ClassTag<byte[]> BYTES_TAG = ClassTag$.MODULE$.apply(byte[].class);

    private final SparkContext spark;
    private final Duration limit;
    private final LiveExecutors live;
    private final FaultyPlaces faulty;
    private final Set<String> answered = new HashSet<>();

    ReadyExecutors(SparkContext spark, Duration limit) {
        this(spark, limit, new FaultyPlaces(0));
    }

    /**
     * Looks for executors of a session.
     *
     * @param limit how long the wanted number of them is waited for
     * @param faulty where none is to be used
     */
    ReadyExecutors(SparkContext spark, Duration limit, FaultyPlaces faulty) {
        this.spark = spark;
        this.limit = limit;
        this.live = new LiveExecutors(spark);
        this.faulty = faulty;
    }

    @Override
    public Placed await(MeshSizes sizes, Runnable meanwhile) throws InterruptedException, ExecutionException {
        if (LocalMaster.numThreads(spark.master()).isPresent()) {
            checkLocalSlots(sizes.wanted());
            return new Placed(sizes.wanted(), List.of());
        }
        long start = System.nanoTime();
        boolean told = false;
        while (true) {
            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            boolean late = waited.compareTo(limit) > 0;
            IntFunction<OptionalInt> choice = late ? sizes::largestOn : sizes::enoughOn;
            List<ExecutorPlace> known = live.list();
            faulty.know(known);
            List<ExecutorPlace> ready = ready(faulty.usable(known), choice);
            OptionalInt size = choice.apply(ready.size());
            String facts = "needed=" + sizes.wanted() + ", executors=" + known.size() + ", withFreeSlot=" + ready.size()
                    + ", " + Slots.of(spark);
            if (size.isPresent()) {
                if (size.getAsInt() < sizes.wanted()) {
                    LOG.warn("mesh job goes on over fewer executors: {}, taken={}", facts, size.getAsInt());
                }
                return Placed.in(ready.subList(0, size.getAsInt()));
            }
            if (late) {
                throw lacking(known.size() < sizes.wanted(), facts + ", waitedSeconds=" + waited.toSeconds());
            }
            if (!told && waited.compareTo(PATIENCE) > 0) {
                LOG.warn("mesh job waits for executors: {}, limitSeconds={}", facts, limit.toSeconds());
                told = true;
            }
            meanwhile.run();
            Thread.sleep(POLL.toMillis());
        }
    }

    @Override
    public void blame(Set<String> executors) {
        faulty.failed(executors);
    }

    private static RuntimeException lacking(boolean executors, String facts) {
        return executors
                ? new IllegalArgumentException("session has too few executors for the mesh: " + facts
                        + ". Give the session more executors, or spread the mesh over fewer.")
                : new MeshJobException("session has too few executors with a free slot: " + facts
                        + ". Wait for these jobs or cancel them, or give the session more executors.");
    }

    private void checkLocalSlots(int numTasks) {
        Slots slots = Slots.of(spark);
        if (slots.total() < numTasks) {
            throw new IllegalArgumentException("session has too few slots, and the run would never start: needed="
                    + numTasks + ", slots=" + slots.total() + ", spark.master=" + spark.master()
                    + ". Start the session with local[" + numTasks + "] or more, or spread the mesh over fewer tasks.");
        }
    }

    private List<ExecutorPlace> ready(List<ExecutorPlace> known, IntFunction<OptionalInt> choice)
            throws InterruptedException, ExecutionException {
        List<ExecutorPlace> free =
                known.stream().filter(place -> place.freeSlots() > 0).toList();
        List<ExecutorPlace> unknown =
                free.stream().filter(place -> !isReady(place)).toList();
        OptionalInt possible = choice.apply(free.size());
        if (possible.isPresent() && free.size() - unknown.size() < possible.getAsInt()) {
            ask(unknown);
        }
        return free.stream()
                .filter(this::isReady)
                .sorted(Comparator.comparingInt(ExecutorPlace::freeSlots).reversed())
                .toList();
    }

    private boolean isReady(ExecutorPlace place) {
        return place.hasRunTasks() || answered.contains(place.id());
    }

    /** Runs a task on each if it can; where it cannot yet, Spark runs it on another after a while. */
    @SuppressWarnings("try") // The properties are read by Spark.
    private void ask(List<ExecutorPlace> places) throws InterruptedException, ExecutionException {
        JavaFutureAction<List<byte[]>> job;
        try (ScopedProperties scope = new ScopedProperties(
                spark, Map.of("spark.job.description", "tartan: asks executors whether they are ready"))) {
            job = MeshPartitions.of(spark, null, places.size(), places)
                    .mapPartitions(new TellName(), false, BYTES_TAG)
                    .toJavaRDD()
                    .collectAsync();
        }
        try {
            for (byte[] name : job.get(ASK_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                answered.add(new String(name, StandardCharsets.UTF_8));
            }
        } catch (TimeoutException e) {
            job.cancel(true);
        } catch (InterruptedException e) {
            job.cancel(true);
            throw e;
        }
    }

    /** Bytes, which any serializer of the session takes. */
    private static final class TellName extends AbstractFunction1<Iterator<Object>, Iterator<byte[]>>
            implements Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public Iterator<byte[]> apply(Iterator<Object> rows) {
            return Iterator$.MODULE$.single(SparkEnv.get().executorId().getBytes(StandardCharsets.UTF_8));
        }
    }
}
