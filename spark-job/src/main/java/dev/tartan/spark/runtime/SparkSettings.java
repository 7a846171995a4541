package dev.tartan.spark.runtime;

import dev.tartan.spark.kryo.TartanKryoRegistrator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;

/** The Spark properties that mesh jobs rely on. */
public final class SparkSettings {
    static final String SERIALIZER = "spark.serializer";
    static final String REGISTRATOR = "spark.kryo.registrator";
    static final String PLUGINS = "spark.plugins";
    static final String TASK_CPUS = "spark.task.cpus";
    static final String EXECUTOR_CORES = "spark.executor.cores";

    private SparkSettings() {}

    /** Adds what mesh jobs rely on to {@code conf}, except what is set already; {@link Preflight} judges that. */
    public static SparkConf addTo(SparkConf conf) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(SERIALIZER, KryoSerializer.class.getName());
        settings.put(REGISTRATOR, TartanKryoRegistrator.class.getName());
        settings.put("spark.kryo.registrationRequired", "true");
        settings.put("spark.kryoserializer.buffer.max", "1g");
        // By default the first barrier stage waits 15 s before it looks for slots again.
        settings.put("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
        settings.put(PLUGINS, TartanPlugin.class.getName());
        // Between two products OpenMP's threads would spin, on cores that the other kernels and device threads want.
        settings.put("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        // The order of nvidia-smi, whose numbers are Spark's addresses; CUDA's own puts the fastest first.
        settings.put("spark.executorEnv.CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        settings.forEach(conf::setIfMissing);
        giveTasksWholeExecutors(conf);
        if (!listHas(conf, PLUGINS, TartanPlugin.class)) {
            conf.set(PLUGINS, conf.get(PLUGINS) + "," + TartanPlugin.class.getName());
        }
        return conf;
    }

    /**
     * Adds what a mesh over {@code numExecutors} relies on. On a cluster a task takes all cores of its executor, so
     * that each task gets an executor of its own; where {@code spark.executor.cores} is not set and the cluster decides
     * how many those are, Spark may put two tasks into one executor as long as no other is free.
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

    /** Whether the comma-separated value of {@code key} names {@code type}. */
    static boolean listHas(SparkConf conf, String key, Class<?> type) {
        for (String name : conf.get(key, "").split(",", -1)) {
            if (name.trim().equals(type.getName())) {
                return true;
            }
        }
        return false;
    }
}
