package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.path.UriPath;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class CheckpointsInObjectStoreTest {
    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();

    @BeforeEach
    void makeTheStoreKnown() {
        properties = new StoreProperties().with(ObjectStore.properties());
    }

    @AfterEach
    void forgetTheStore() {
        properties.close();
    }

    @Test
    void aRunGoesOnFromWhatItLeftThere() throws Exception {
        StoredRun run = new StoredRun(folder, UriPath.of("objects:/a/checkpoints"));
        byte[] trained = run.train(true, null);
        assertThat(trained).isEqualTo(new StoredRun(folder, folder.resolve("undisturbed")).train(true, null));
        assertThat(run.failures()).containsOnlyNulls().hasSize(StoredRun.STEPS);
        assertThat(run.steps()).containsExactly(8L, 7L, 6L);
        assertThat(ObjectStore.names("/a")).hasSize(3 * 4);
        Path from = run.checkpoints().get(2).folder();
        assertThat(run.train(true, from)).isEqualTo(trained);
        assertThat(ObjectStore.names("/a"))
                .as("two of the second run, one of the first")
                .hasSize(3 * 4);
    }
}
