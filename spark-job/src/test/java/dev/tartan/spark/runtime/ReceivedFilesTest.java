package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReceivedFilesTest {
    @TempDir
    Path folder;

    @Test
    void fileIsThereWhenItsLastPieceIs() {
        ReceivedFiles files = new ReceivedFiles(folder);
        files.add("final", 0, new byte[] {1, 2}, false);
        assertThat(folder.resolve("final")).doesNotExist();
        files.add("final", 2, new byte[] {3}, true);
        assertThat(folder.resolve("final")).hasBinaryContent(new byte[] {1, 2, 3});
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void fileThatBeginsAnewReplacesWhatWasThere() {
        ReceivedFiles files = new ReceivedFiles(folder);
        files.add("final", 0, new byte[] {1, 2}, false);
        files.add("final", 0, new byte[] {9}, true);
        assertThat(folder.resolve("final")).hasBinaryContent(new byte[] {9});
    }

    @Test
    void whatNeverEndsIsRemoved() {
        ReceivedFiles files = new ReceivedFiles(folder);
        files.add("final", 0, new byte[] {1}, false);
        files.close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void gapsAndPathsAreRefused() {
        ReceivedFiles files = new ReceivedFiles(folder);
        files.add("final", 0, new byte[] {1}, false);
        assertThatThrownBy(() -> files.add("final", 2, new byte[] {3}, true))
                .hasMessage("piece of a file does not follow the one before: file=final, offset=2, written=1.");
        assertThatThrownBy(() -> files.add("../final", 0, new byte[] {3}, true))
                .hasMessage("file of a task has no plain name: name=../final.");
        assertThatThrownBy(() -> files.add("/etc/final", 0, new byte[] {3}, true))
                .hasMessageContaining("plain name");
    }
}
