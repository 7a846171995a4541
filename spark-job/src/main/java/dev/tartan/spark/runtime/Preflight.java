package dev.tartan.spark.runtime;

import com.sun.management.OperatingSystemMXBean;
import dev.tartan.collective.transport.tcp.JobSecret;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.SparkConf;

/**
 * Looks through a session's properties for what would make a mesh job hang or fail late, before it is submitted:
 * barrier stages want fixed executors and all their slots at once, and Spark says so after minutes or never.
 * Serializer, plugins and speculation may be set as the user likes: Spark never speculates on barrier tasks.
 */
public final class Preflight {
    private static final String WORKER_GPUS = "spark.worker.resource.gpu.amount";
    private static final String EXECUTOR_GPUS = "spark.executor.resource.gpu.amount";

    private final SparkConf conf;
    private final int numRanks;
    private final int numTasks;
    private final List<String> problems = new ArrayList<>();

    private Preflight(SparkConf conf, int numRanks, int numTasks) {
        this.conf = conf;
        this.numRanks = numRanks;
        this.numTasks = numTasks;
    }

    /**
     * Checks the properties of a job.
     *
     * @param numRanks devices of the mesh
     * @param numTasks processes the mesh is spread over
     * @throws PreflightException listing every problem, each with its key and what to do
     */
    public static void check(SparkConf conf, int numRanks, int numTasks) {
        Preflight preflight = new Preflight(conf, numRanks, numTasks);
        preflight.checkFixedExecutors();
        preflight.checkSecret();
        preflight.checkSlots();
        preflight.checkGpus();
        if (!preflight.problems.isEmpty()) {
            throw new PreflightException(preflight.problems);
        }
    }

    /**
     * Checks that all devices of a mesh fit into this machine's memory, where Spark runs on this machine alone.
     *
     * @throws IllegalArgumentException if they do not
     */
    public static void checkMemory(SparkConf conf, long bytesPerDevice, int numRanks) {
        checkMemory(conf, bytesPerDevice, numRanks, totalMemoryBytes());
    }

    static void checkMemory(SparkConf conf, long bytesPerDevice, int numRanks, long machineBytes) {
        // Compared by division, since the product may overflow.
        String master = SparkSettings.master(conf);
        boolean onThisMachine = LocalMaster.numThreads(master).isPresent()
                || LocalClusterMaster.parse(master).isPresent();
        if (onThisMachine && bytesPerDevice > machineBytes / numRanks) {
            throw new IllegalArgumentException(
                    "memory of this machine is too small for the mesh: bytesPerDevice=" + bytesPerDevice
                            + ", devices=" + numRanks + ", machineBytes=" + machineBytes
                            + ". Lower network.* or train.globalBatch, raise train.microBatches, or use a cluster.");
        }
    }

    private static long totalMemoryBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    private void checkFixedExecutors() {
        // Spark, too, ignores it with a local master.
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)
                && LocalMaster.numThreads(master()).isEmpty()) {
            problem(
                    "spark.dynamicAllocation.enabled",
                    "is on, and Spark then refuses the barrier stage that a mesh needs",
                    "value=true",
                    "Start the session with it off, and with spark.executor.instances=" + numTasks + " or more.");
        }
    }

    private void checkSecret() {
        String key = "spark.authenticate.secret";
        if (numTasks > 1 && conf.getBoolean("spark.authenticate", false) && conf.contains(key)) {
            int bytes = conf.get(key).getBytes(StandardCharsets.UTF_8).length;
            if (bytes < JobSecret.LEAST_BYTES) {
                problem(
                        key,
                        "is too short for the connections between executors",
                        "bytes=" + bytes + ", needed=" + JobSecret.LEAST_BYTES,
                        "Give a longer one, of random bytes.");
            }
        }
    }

    private void checkSlots() {
        int taskCpus = conf.getInt(SparkSettings.TASK_CPUS, 1);
        OptionalInt localThreads = LocalMaster.numThreads(master());
        if (localThreads.isPresent()) {
            int slots = localThreads.getAsInt() / taskCpus;
            if (slots < numTasks) {
                String threads = "local[" + numTasks * taskCpus + "]";
                problem(
                        "spark.master",
                        "has too few slots, and the run would never start",
                        "value=" + master() + ", " + SparkSettings.TASK_CPUS + "=" + taskCpus + ", slots=" + slots
                                + ", needed=" + numTasks,
                        "Use " + threads + " or more threads.");
            }
            return;
        }
        Optional<LocalClusterMaster> cluster = LocalClusterMaster.parse(master());
        if (cluster.isPresent()) {
            checkWorkers(cluster.get(), taskCpus);
        } else if (conf.contains(SparkSettings.EXECUTOR_CORES)
                && conf.getInt(SparkSettings.EXECUTOR_CORES, 1) < taskCpus) {
            problem(
                    SparkSettings.EXECUTOR_CORES,
                    "is below what one task needs",
                    "value=" + conf.get(SparkSettings.EXECUTOR_CORES) + ", " + SparkSettings.TASK_CPUS + "=" + taskCpus,
                    "Set it to " + taskCpus + " or more.");
        }
        if (conf.contains("spark.executor.instances")) {
            int executors = conf.getInt("spark.executor.instances", 1);
            int slots = executors * Math.max(1, conf.getInt(SparkSettings.EXECUTOR_CORES, 1) / taskCpus);
            if (slots < numTasks) {
                problem(
                        "spark.executor.instances",
                        "gives too few slots",
                        "value=" + executors + ", slots=" + slots + ", needed=" + numTasks,
                        "Set it to " + numTasks + " or more.");
            }
        }
        if (conf.contains("spark.cores.max") && conf.getInt("spark.cores.max", 1) < numTasks * taskCpus) {
            problem(
                    "spark.cores.max",
                    "gives too few slots",
                    "value=" + conf.get("spark.cores.max") + ", " + SparkSettings.TASK_CPUS + "=" + taskCpus
                            + ", needed=" + numTasks * taskCpus,
                    "Set it to " + numTasks * taskCpus + " or more.");
        }
    }

    private void checkWorkers(LocalClusterMaster cluster, int taskCpus) {
        int executorCores = conf.getInt(SparkSettings.EXECUTOR_CORES, cluster.coresPerWorker());
        int executors = cluster.numExecutors(executorCores);
        if (executors < numTasks) {
            problem(
                    "spark.master",
                    "has too few executors",
                    "value=" + master() + ", executors=" + executors + ", needed=" + numTasks,
                    "Use local-cluster[" + numTasks + "," + executorCores + ",MEMORY] or more workers.");
        } else if (executorCores < taskCpus) {
            problem(
                    "spark.master",
                    "has too few cores for a task, and the run would never start",
                    "value=" + master() + ", cores=" + executorCores + ", " + SparkSettings.TASK_CPUS + "=" + taskCpus,
                    "Set " + SparkSettings.TASK_CPUS + " to " + executorCores + " or less.");
        }
    }

    private void checkGpus() {
        if (LocalMaster.numThreads(master()).isPresent()) {
            if (conf.contains(SparkSettings.TASK_GPUS)) {
                problem(
                        SparkSettings.TASK_GPUS,
                        "is set in local mode, which has no GPUs per task and would never start the run",
                        "value=" + conf.get(SparkSettings.TASK_GPUS) + ", spark.master=" + master(),
                        "Remove it, or use a cluster such as local-cluster[1,1,4096].");
            }
            return;
        }
        if (!conf.contains(SparkSettings.TASK_GPUS)) {
            if (conf.contains(EXECUTOR_GPUS)) {
                problem(
                        EXECUTOR_GPUS,
                        "is set, yet tasks ask for no GPU and would get none",
                        "value=" + conf.get(EXECUTOR_GPUS),
                        "Set " + SparkSettings.TASK_GPUS + "=" + numRanks / numTasks + ".");
            }
            return;
        }
        double perTask = conf.getDouble(SparkSettings.TASK_GPUS, 0);
        if (perTask * numTasks != numRanks) {
            problem(
                    SparkSettings.TASK_GPUS,
                    "does not match the mesh",
                    "value=" + conf.get(SparkSettings.TASK_GPUS) + ", tasks=" + numTasks + ", mesh.data*mesh.model="
                            + numRanks,
                    "Set it to " + numRanks / numTasks + ", or choose mesh.data and mesh.model to multiply to "
                            + (long) (perTask * numTasks) + ".");
        }
        if (conf.getDouble(EXECUTOR_GPUS, 0) != perTask) {
            problem(
                    EXECUTOR_GPUS,
                    "differs from " + SparkSettings.TASK_GPUS + ", and the one task of an executor owns all its GPUs",
                    "value=" + conf.get(EXECUTOR_GPUS, "none") + ", " + SparkSettings.TASK_GPUS + "="
                            + conf.get(SparkSettings.TASK_GPUS),
                    "Set both to the same number.");
        }
        if (LocalClusterMaster.parse(master()).isPresent() && !conf.contains(WORKER_GPUS)) {
            problem(
                    WORKER_GPUS,
                    "is not set, so the workers of this master have no GPU and the run would never start",
                    "value=none, spark.master=" + master(),
                    "Set it to " + conf.get(SparkSettings.TASK_GPUS)
                            + ", and spark.worker.resource.gpu.discoveryScript to scripts/discover-gpus.");
        }
    }

    private String master() {
        return SparkSettings.master(conf);
    }

    private void problem(String key, String fact, String values, String remedy) {
        problems.add(key + " " + fact + ": " + values + ". " + remedy);
    }
}
