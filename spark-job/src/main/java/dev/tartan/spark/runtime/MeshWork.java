package dev.tartan.spark.runtime;

import dev.tartan.network.NetworkFactory;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.SmallerMesh;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be trained: a plan over the executors that were asked for, and those over fewer, which are compiled when
 * they are needed. Used by one thread.
 */
public final class MeshWork {
    private static final Logger LOG = LoggerFactory.getLogger(MeshWork.class);

    private final TrainingPlan plan;
    private final int executors;
    private final NetworkFactory network;
    private final JobCompiler compiler;
    private final @Nullable TrainingJob job;
    private final DeviceTraits traits;
    private @Nullable Map<Integer, TrainingPlan> plans;

    private MeshWork(
            TrainingPlan plan,
            int executors,
            NetworkFactory network,
            JobCompiler compiler,
            @Nullable TrainingJob job,
            DeviceTraits traits) {
        this.plan = plan;
        this.executors = executors;
        this.network = network;
        this.compiler = compiler;
        this.job = job;
        this.traits = traits;
    }

    /**
     * A job that may go on over fewer executors.
     *
     * @param plan of the job over all executors
     * @param executors over how many that is spread
     * @param compiler makes the plans over fewer, and the rows of all
     * @param traits of the devices
     */
    public static MeshWork of(
            TrainingJob job, TrainingPlan plan, int executors, JobCompiler compiler, DeviceTraits traits) {
        return new MeshWork(plan, executors, job.network(), compiler, job, traits);
    }

    /** A plan that is run over so many executors or not at all. */
    static MeshWork fixed(TrainingPlan plan, int executors, NetworkFactory network, DeviceTraits traits) {
        return new MeshWork(plan, executors, network, any -> plan, null, traits);
    }

    /** The plan over all executors. */
    TrainingPlan plan() {
        return plan;
    }

    /** Over how many executors that is spread. */
    int executors() {
        return executors;
    }

    /** What makes the network. */
    NetworkFactory network() {
        return network;
    }

    /** Over how many executors it can be spread, the most first. */
    List<Integer> sizes() {
        return List.copyOf(plans().keySet());
    }

    /** The plan over so many. */
    TrainingPlan plan(int size) {
        TrainingPlan found = size == executors ? plan : plans().get(size);
        if (found == null) {
            throw new IllegalArgumentException(
                    "run cannot be spread over so many executors: executors=" + size + ", sizes=" + sizes() + ".");
        }
        return found;
    }

    /** The rows of the plan over so many; null if it has samples of its own. */
    @Nullable
    MeshRows<?> rows(int size) {
        return compiler.rows(plan(size), size);
    }

    private Map<Integer, TrainingPlan> plans() {
        Map<Integer, TrainingPlan> made = plans;
        if (made == null) {
            made = new LinkedHashMap<>();
            made.put(executors, plan);
            int fewest = job == null ? executors : plan.elastic().minExecutors();
            for (int size = executors - 1; size >= fewest; size--) {
                TrainingPlan smaller = smaller(Objects.requireNonNull(job), size);
                if (smaller != null) {
                    made.put(size, smaller);
                }
            }
            plans = made;
        }
        return made;
    }

    /** The first that compiles and keeps to the limit of memory; null if none does. */
    private @Nullable TrainingPlan smaller(TrainingJob whole, int size) {
        for (TrainingJob smaller : SmallerMesh.of(whole, executors, size)) {
            try {
                TrainingPlan made = compiler.compile(smaller);
                long limit = made.train().deviceMemoryLimit();
                if (limit == 0 || made.peakBytesPerDevice(traits) <= limit) {
                    return made.withFiles(plan.files());
                }
            } catch (IllegalArgumentException e) {
                LOG.info("run cannot go on over so many executors: executors={}, reason={}", size, e.getMessage());
                return null;
            }
        }
        return null;
    }
}
