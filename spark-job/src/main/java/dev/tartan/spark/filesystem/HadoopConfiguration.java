package dev.tartan.spark.filesystem;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.jspecify.annotations.Nullable;
import scala.Option;

/**
 * Hadoop's configuration in this process: on the driver that of the running SparkContext; before there is one, and on
 * executors, {@code spark.hadoop.*} upon Hadoop's files, and upon these on executors what a task brought of the
 * driver's, see {@link HadoopSettings}.
 */
final class HadoopConfiguration {
    /**
     * A host that does not answer is given up after half a minute or less, where Hadoop would try for 15 minutes.
     * Unless the user said otherwise.
     */
    private static final Map<String, String> CONNECTIONS = Map.of(
            "ipc.client.connect.max.retries", "3",
            "ipc.client.connect.timeout", "10000",
            "ipc.client.connect.max.retries.on.timeouts", "2");

    /** What Hadoop names as the source of a value that nobody set. */
    private static final String UNSET = "core-default.xml";

    private static volatile @Nullable HadoopSettings brought;

    private HadoopConfiguration() {}

    /** Takes what a task brought, in place of what one before it did. */
    static void bring(HadoopSettings settings) {
        brought = settings;
    }

    static Configuration current() {
        Option<SparkContext> active = SparkContext$.MODULE$.getActive();
        SparkEnv environment = SparkEnv.get();
        Configuration conf;
        if (active.isDefined()) {
            conf = new Configuration(active.get().hadoopConfiguration());
        } else {
            conf = SparkHadoopUtil.get().newConfiguration(environment == null ? new SparkConf() : environment.conf());
            HadoopSettings settings = brought;
            if (settings != null) {
                settings.addTo(conf);
            }
        }
        CONNECTIONS.forEach((key, value) -> {
            if (isUnset(conf, key)) {
                conf.set(key, value);
            }
        });
        return conf;
    }

    private static boolean isUnset(Configuration conf, String key) {
        String[] sources = conf.getPropertySources(key);
        return sources == null || sources.length == 0 || sources[0].endsWith(UNSET);
    }
}
