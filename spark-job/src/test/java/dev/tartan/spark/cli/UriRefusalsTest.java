package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.OutputLease;
import dev.tartan.path.UriPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** URIs that cannot be used end in a sentence, and never as folders of this machine. */
class UriRefusalsTest {
    @TempDir
    Path folder;

    @Test
    void aSchemeThatNobodyKnowsIsRefusedWithItsKey() {
        String refused = " cannot be used: path is on a file system that Tartan does not know: path=nosuch://host/x,"
                + " scheme=nosuch. Give a local path, or a URI of a file system of Hadoop that is on the class path,"
                + " such as hdfs://host/path.\n";
        for (String key : List.of("data.path", "init.from", "output.dir")) {
            TrainRun run = train("--set", key + "=nosuch://host/x");
            assertThat(run.exitCode()).isEqualTo(2);
            assertThat(run.err())
                    .isEqualTo("tartan: config has a mistake:\n  --set " + key + "=nosuch://host/x: " + key + refused);
        }
        TrainRun run = train("--output", "nosuch://host/x");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).endsWith("output.dir" + refused);
        assertThat(Path.of("nosuch:")).doesNotExist();
    }

    @Test
    void aStoreWhoseJarIsMissingIsRefusedByItsName() {
        TrainRun run = train("--output", "s3a://bucket/x");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .contains("output.dir cannot be used: path is on a file system whose jar is missing:"
                        + " path=s3a://bucket/x, reason=")
                .contains("Class org.apache.hadoop.fs.s3a.S3AFileSystem not found. Add"
                        + " org.apache.hadoop:hadoop-aws:3.3.4 to the job, for example by --conf"
                        + " spark.jars.packages.\n");
        assertThat(Path.of("s3a:")).doesNotExist();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aHostThatDoesNotAnswerEndsInOneSentence() {
        for (String key : List.of("data.path", "output.dir")) {
            TrainRun run = train("--set", key + "=hdfs://127.0.0.1:1/x");
            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .startsWith("tartan: store cannot be asked for a file: path=hdfs://127.0.0.1:1/x, reason=")
                    .endsWith("Connection refused. Check that the store is up, and its address, port and"
                            + " credentials.\n");
        }
        assertThatThrownBy(() -> OutputLease.take(UriPath.of("hdfs://127.0.0.1:1/a/b"), "run"))
                .hasMessageStartingWith("store cannot be asked for a file: path=hdfs://127.0.0.1:1/a/b, reason=");
        TrainRun unknown = train("--set", "data.path=hdfs://no-such-host.invalid/x");
        assertThat(unknown.err())
                .startsWith("tartan: store cannot be asked for a file: path=hdfs://no-such-host.invalid/x, reason=")
                .contains("UnknownHostException: no-such-host.invalid. Check that the store is up");
        assertThat(Path.of("hdfs:")).doesNotExist();
    }

    @Test
    void fileUrisAreLocalPaths() throws Exception {
        Files.writeString(folder.resolve("text.txt"), "to be or not to be, that is the question. ".repeat(20));
        TrainRun run = train(
                "--set",
                "data.path=file://" + folder.resolve("text.txt"),
                "--output",
                "file:" + folder.resolve("there"));
        assertThat(run.err()).isEmpty();
        assertThat(folder.resolve("there/final.safetensors")).isNotEmptyFile();
        assertThat(train("--output", "file://far/there").err())
                .contains("path is on another machine's disk: path=file://far/there, host=far. Give a path of this"
                        + " machine, such as file:/data, or one of a store that all machines reach.");
    }

    private TrainRun train(String... more) {
        List<String> args = new ArrayList<>(List.of(
                "--set", "network.kind=gpt",
                "--set", "network.vocab=256",
                "--set", "network.context=8",
                "--set", "network.hidden=16",
                "--set", "network.layers=1",
                "--set", "network.heads=2",
                "--set", "train.steps=1",
                "--set", "train.globalBatch=2",
                "--set", "data.kind=text",
                "--set", "data.path=" + folder,
                "--set", "output.dir=" + folder.resolve("out")));
        args.addAll(List.of(more));
        return TrainRun.of(args.toArray(new String[0]));
    }
}
