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
        settings.forEach(conf::setIfMissing);
        if (!listHas(conf, PLUGINS, TartanPlugin.class)) {
            conf.set(PLUGINS, conf.get(PLUGINS) + "," + TartanPlugin.class.getName());
        }
        return conf;
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
