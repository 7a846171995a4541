package dev.tartan.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.InvalidConfigException;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.TextSamples;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class UriPathTest {
    @Test
    void textWithoutASchemeIsALocalPath() {
        for (String text : List.of("a", "/a/b", "../a", "a/b:/c", "run:1", "C:/x", "./hdfs:/x", "/hdfs:/x", "")) {
            assertThat(UriPath.of(text)).isEqualTo(Path.of(text));
        }
    }

    @Test
    void fileUrisAreLocalPaths() {
        for (String text : List.of("file:/a b/c", "file:///a b/c", "file://localhost/a b/c", "FILE:/a b/c")) {
            assertThat(UriPath.of(text)).isEqualTo(Path.of("/a b/c"));
        }
        assertThatThrownBy(() -> UriPath.of("file://far/a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "path is on another machine's disk: path=file://far/a, host=far. Give a path of this machine,"
                                + " such as file:/data, or one of a store that all machines reach.");
    }

    @Test
    void schemesWithoutAFileSystemAreRefused() {
        for (String text : List.of("hdfs://host/x", "hdfs:/x", "hdfs://host")) {
            assertThatThrownBy(() -> UriPath.of(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("path is on a file system that Tartan does not know: path=" + text
                            + ", scheme=hdfs. Give a local path, or a URI of a file system of Hadoop that is on the"
                            + " class path, such as hdfs://host/path.");
        }
        assertThatThrownBy(() -> RunConfigLoader.parse("output.dir = \"hdfs://host/x\""))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("output.dir cannot be used: path is on a file system that Tartan does not know:"
                        + " path=hdfs://host/x");
    }

    @Test
    void uriThatBecameALocalPathIsRefused() {
        Path wrong = Path.of("hdfs://host/x");
        String message = "path is a URI that became the name of a local folder: path=hdfs:/host/x. Make it with"
                + " UriPath.of(\"hdfs://...\"); if it is a local path, begin it with \"./\".";
        TrainingJob job = TrainingJob.of(() -> {
            throw new IllegalStateException("no network is needed");
        });
        assertThatThrownBy(() -> job.output(wrong)).hasMessage(message);
        assertThatThrownBy(() -> job.initial(wrong)).hasMessage(message);
        assertThatThrownBy(() -> new TextSamples(wrong)).hasMessage(message);
        assertThatThrownBy(() -> new BatchFileSamples(wrong)).hasMessage(message);
        assertThat(job.output(Path.of("./hdfs:/host/x")).files().output()).isEqualTo(Path.of("./hdfs:/host/x"));
    }
}
