package dev.tartan.spark.filesystem;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** System properties, as spark-submit passes its own on, until closed. */
public final class StoreProperties implements AutoCloseable {
    private final Map<String, @Nullable String> before = new LinkedHashMap<>();

    /** Makes {@code store:} known, with its files below a folder. */
    public static StoreProperties below(Path root) {
        return new StoreProperties().with(FolderStore.properties(root));
    }

    /** Sets more. */
    public StoreProperties with(Map<String, String> properties) {
        properties.forEach((key, value) -> {
            String old = System.setProperty(key, value);
            if (!before.containsKey(key)) {
                before.put(key, old);
            }
        });
        return this;
    }

    @Override
    public void close() {
        before.forEach((key, value) -> {
            if (value == null) {
                System.clearProperty(key);
            } else {
                System.setProperty(key, value);
            }
        });
    }
}
