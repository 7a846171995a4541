package dev.tartan.spark.runtime;

import java.util.Locale;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/**
 * Memory of executors beside their heap, where a cluster manager ends those that take more than was asked for: YARN and
 * Kubernetes. Tensors lie there, and Spark would ask for a tenth of the heap.
 */
public final class ExecutorMemory {
    static final String OVERHEAD = "spark.executor.memoryOverhead";

    private static final String FACTOR = "spark.executor.memoryOverheadFactor";
    private static final String KUBERNETES_FACTOR = "spark.kubernetes.memoryOverheadFactor";
    private static final String HEAP = "spark.executor.memory";
    private static final double DEFAULT_FACTOR = 0.1;
    private static final long MIB = 1 << 20;

    /** What Spark counts for a JVM without tensors, at the least. */
    private static final long LEAST_MIB = 384;

    /** Libraries of ND4J's with their threads' memory, and buffers of collectives. */
    private static final long NATIVE_MIB = 512;

    private ExecutorMemory() {}

    /**
     * Asks for what the plan needs, unless the user has said how much there is to be.
     *
     * @param bytesPerDevice of the host's memory, as planned
     * @param numRanks of the whole mesh
     * @return what was set, to be told to the user; null if nothing was
     * @throws IllegalArgumentException if the user's own is too little for the planned bytes alone
     */
    public static @Nullable String plan(SparkConf conf, long bytesPerDevice, int numRanks, int executors) {
        String master = SparkSettings.master(conf);
        boolean isLimited = master.equals("yarn") || master.startsWith("k8s://");
        if (!isLimited) {
            return null;
        }
        long ranks = ((long) numRanks + executors - 1) / executors;
        long planned = Math.multiplyExact(bytesPerDevice, ranks);
        long heapMib = conf.getSizeAsMb(HEAP, "1g");
        boolean isOfFactor = conf.contains(FACTOR) || conf.contains(KUBERNETES_FACTOR);
        if (conf.contains(OVERHEAD) || isOfFactor) {
            String key = conf.contains(OVERHEAD) ? OVERHEAD : conf.contains(FACTOR) ? FACTOR : KUBERNETES_FACTOR;
            long given = MIB * (key.equals(OVERHEAD) ? conf.getSizeAsMb(OVERHEAD) : byFactor(conf.get(key), heapMib));
            if (given < planned) {
                throw new IllegalArgumentException("executors ask for too little memory beside their heap, and the"
                        + " cluster would end them: " + key + "=" + conf.get(key) + ", bytes=" + given
                        + ", plannedBytes=" + planned + ", missingBytes=" + (planned - given)
                        + ". Leave it out, or give " + neededMib(planned, heapMib) + "m of " + OVERHEAD + ".");
            }
            return null;
        }
        long needed = neededMib(planned, heapMib);
        conf.set(OVERHEAD, needed + "m");
        return String.format(
                Locale.ROOT,
                "executors ask for %,d MiB beside %,d MiB of heap, of which %,d MiB are planned for tensors: %s",
                needed,
                heapMib,
                (planned + MIB - 1) / MIB,
                OVERHEAD);
    }

    private static long byFactor(String factor, long heapMib) {
        return Math.max(LEAST_MIB, (long) (Double.parseDouble(factor) * heapMib));
    }

    private static long neededMib(long planned, long heapMib) {
        return (planned + MIB - 1) / MIB + NATIVE_MIB + byFactor(Double.toString(DEFAULT_FACTOR), heapMib);
    }
}
