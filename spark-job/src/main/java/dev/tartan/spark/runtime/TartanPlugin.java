package dev.tartan.spark.runtime;

import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.jspecify.annotations.Nullable;

/** Carries messages from tasks to the driver over Spark's own connections; set {@code spark.plugins} to this class. */
public final class TartanPlugin implements SparkPlugin {
    private static volatile @Nullable PluginContext executorContext;

    /** The way to the driver from this process; null where the plugin is not running. */
    static @Nullable PluginContext executorContext() {
        return executorContext;
    }

    @Override
    public DriverPlugin driverPlugin() {
        return new DriverSide();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorSide();
    }

    private static final class DriverSide implements DriverPlugin {
        @Override
        public @Nullable Object receive(Object message) {
            if (message instanceof ProgressMessage progress) {
                RunRoutes.deliver(progress);
            } else if (message instanceof FinalFailureMessage failure) {
                RunRoutes.deliver(failure);
                return true;
            }
            return null;
        }
    }

    private static final class ExecutorSide implements ExecutorPlugin {
        @Override
        public void init(PluginContext context, Map<String, String> extraConf) {
            executorContext = context;
        }

        @Override
        public void shutdown() {
            executorContext = null;
        }
    }
}
