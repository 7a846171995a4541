package dev.tartan.spark.runtime;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;

/** Local properties of a thread, set for a while: those that the user set are as before afterwards. */
final class ScopedProperties implements AutoCloseable {
    private final SparkContext spark;
    private final Map<String, @Nullable String> before = new HashMap<>();

    /** Sets properties for jobs that the calling thread submits; the same thread closes it. */
    ScopedProperties(SparkContext spark, Map<String, String> properties) {
        this.spark = spark;
        properties.forEach((key, value) -> {
            before.put(key, spark.getLocalProperty(key));
            spark.setLocalProperty(key, value);
        });
    }

    @Override
    @SuppressWarnings("NullAway") // null removes a property
    public void close() {
        before.forEach(spark::setLocalProperty);
    }
}
