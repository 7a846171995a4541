package dev.tartan.spark.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkConf;

/** Spark properties that the command line sets for mesh jobs. None is needed: they run faster with them. */
public final class SparkSettings {
    static final String TASK_CPUS = "spark.task.cpus";

    /** GPUs of a task. */
    static final String TASK_GPUS = "spark.task.resource.gpu.amount";

    static final String EXECUTOR_CORES = "spark.executor.cores";

    private SparkSettings() {}

    /** Adds what is good for mesh jobs to {@code conf}, except what is set already. */
    public static SparkConf addTo(SparkConf conf) {
        Map<String, String> settings = new LinkedHashMap<>();
        // By default the first barrier stage waits 15 s before it looks for slots again.
        settings.put("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
        // Between two products OpenMP's threads would spin, on cores that the other kernels and device threads want.
        settings.put("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        // The order of nvidia-smi, whose numbers are Spark's addresses; CUDA's own puts the fastest first.
        settings.put("spark.executorEnv.CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        settings.forEach(conf::setIfMissing);
        giveTasksWholeExecutors(conf);
        return conf;
    }

    /**
     * Adds what is good for a mesh over {@code numExecutors}. On a cluster a task takes all cores of its executor,
     * where {@code spark.executor.cores} says how many those are, so that no other job runs beside it.
     */
    public static SparkConf addTo(SparkConf conf, int numExecutors) {
        addTo(conf);
        if (numExecutors > 1 && LocalMaster.numThreads(master(conf)).isEmpty()) {
            conf.setIfMissing("spark.executor.instances", Integer.toString(numExecutors));
        }
        return conf;
    }

    private static void giveTasksWholeExecutors(SparkConf conf) {
        if (LocalMaster.numThreads(master(conf)).isPresent()) {
            return;
        }
        if (conf.contains(EXECUTOR_CORES)) {
            conf.setIfMissing(TASK_CPUS, conf.get(EXECUTOR_CORES));
        } else {
            LocalClusterMaster.parse(master(conf))
                    .ifPresent(cluster -> conf.setIfMissing(TASK_CPUS, Integer.toString(cluster.coresPerWorker())));
        }
    }

    /** The master, what Tartan takes if none is set. */
    static String master(SparkConf conf) {
        return conf.get("spark.master", "local[*]");
    }
}
