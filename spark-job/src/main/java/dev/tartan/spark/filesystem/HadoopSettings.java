package dev.tartan.spark.filesystem;

import java.io.Serializable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * What a program changed in {@code SparkContext.hadoopConfiguration}, on its way to executors, which make their own
 * configuration from {@code spark.hadoop.*} and Hadoop's files alone. Travels inside a task, never in Spark's
 * properties, which the UI shows; values may be secrets and are never printed. Immutable.
 */
public final class HadoopSettings implements Serializable {
    private static final long serialVersionUID = 1;

    private final Map<String, String> set;
    private final Set<String> unset;

    private HadoopSettings(Map<String, String> set, Set<String> unset) {
        this.set = new HashMap<>(set);
        this.unset = new HashSet<>(unset);
    }

    /** What differs, in the context's configuration, from the one that Spark began with. */
    public static HadoopSettings of(SparkContext spark) {
        Map<String, String> began = values(SparkHadoopUtil.get().newConfiguration(spark.conf()));
        Map<String, String> now = values(spark.hadoopConfiguration());
        Set<String> unset = new HashSet<>(began.keySet());
        unset.removeAll(now.keySet());
        now.entrySet().removeIf(entry -> Objects.equals(began.get(entry.getKey()), entry.getValue()));
        return new HadoopSettings(now, unset);
    }

    /** As they were written, since variables in them mean something else on another machine. */
    private static Map<String, String> values(Configuration conf) {
        Map<String, String> values = new HashMap<>();
        conf.forEach(entry -> values.put(entry.getKey(), entry.getValue()));
        return values;
    }

    /**
     * Makes this process's file systems that are opened from now on go by them, until others are brought. Does nothing
     * on the driver, whose own configuration has them.
     */
    public void bring() {
        if (SparkContext$.MODULE$.getActive().isEmpty()) {
            HadoopConfiguration.bring(this);
        }
    }

    void addTo(Configuration conf) {
        set.forEach(conf::set);
        unset.forEach(conf::unset);
    }

    @Override
    public String toString() {
        return "HadoopSettings[set=" + set.size() + ", unset=" + unset.size() + "]";
    }
}
