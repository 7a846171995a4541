package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.spark.runtime.SparkTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.RunConfigLoader;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Settings of a store that only the program's own code makes, as a notebook does. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HadoopSettingsTest {
    private static final String SECRET = "fs.store.secret.key";

    @TempDir
    Path folder;

    private static SparkConf conf(String master) {
        return new SparkConf(false)
                .setMaster(master)
                .setAppName("settings test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.hadoop.fs.store.fromSpark", "known to all")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    }

    private void makeTheStoreKnown(Configuration hadoop) {
        FolderStore.properties(folder)
                .forEach((key, value) -> hadoop.set(key.substring("spark.hadoop.".length()), value));
    }

    @Test
    @Tag("slow")
    void executorsReadFromAStoreThatTheProgramSetUp() throws Exception {
        Files.createDirectories(folder.resolve("box/out"));
        Files.writeString(folder.resolve("box/a.txt"), "whether 'tis nobler in the mind to suffer ".repeat(20));
        try (JavaSparkContext spark = new JavaSparkContext(conf("local-cluster[2,1,1024]"))) {
            makeTheStoreKnown(spark.hadoopConfiguration());
            TrainingJob job = TrainingJob.of(RunConfigLoader.parse("""
                    mesh { data = 2, model = 1 }
                    network { kind = gpt, vocab = 256, context = 8, hidden = 16, layers = 1, heads = 2 }
                    data { kind = text, path = "store://box/a.txt" }
                    train { steps = 3, globalBatch = 4, seed = 1 }
                    output { dir = "store://box/out" }
                    """));
            assertThat(SparkTrainer.train(spark, job.compile(Nd4jBackend.forDevices(1)), job.network(), 2, step -> {})
                            .steps())
                    .hasSize(3);
        }
        assertThat(folder.resolve("box/out/final.safetensors")).isNotEmptyFile();
    }

    @Test
    void whatTheProgramChangedTravelsAndNothingElse() throws Exception {
        Configuration arrived = new Configuration(false);
        arrived.set("io.file.buffer.size", "1");
        HadoopSettings settings;
        try (JavaSparkContext spark = new JavaSparkContext(conf("local[1]"))) {
            spark.hadoopConfiguration().set(SECRET, "hush");
            spark.hadoopConfiguration().unset("io.file.buffer.size");
            settings = HadoopSettings.of(spark.sc());
        }
        settings.addTo(arrived);
        assertThat(arrived).hasSize(1);
        assertThat(arrived.get(SECRET)).isEqualTo("hush");
        assertThat(settings).hasToString("HadoopSettings[set=1, unset=1]");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(settings);
        }
        assertThat(bytes.toString(StandardCharsets.ISO_8859_1)).contains("hush").doesNotContain("known to all");
    }
}
