package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 2, 3, 4, 5);

    @TempDir
    Path temporary;

    @Test
    void aMissingFolderIsMade() {
        Path folder = temporary.resolve("a/b");
        assertThat(OutputFolder.prepare(folder, NOW)).isNull();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void earlierResultsAreMovedAsideAndOtherFilesLeftAlone() throws IOException {
        Files.writeString(temporary.resolve("final.safetensors"), "weights");
        Files.writeString(temporary.resolve("notes.txt"), "mine");
        Path aside = OutputFolder.prepare(temporary, NOW);
        assertThat(aside).isEqualTo(temporary.resolve("earlier/20260102-030405"));
        assertThat(aside.resolve("final.safetensors")).hasContent("weights");
        assertThat(temporary.resolve("final.safetensors")).doesNotExist();
        assertThat(temporary.resolve("notes.txt")).hasContent("mine");
    }

    @Test
    void twoRunsInOneSecondBothSurvive() throws IOException {
        Files.writeString(temporary.resolve("loss.png"), "1");
        OutputFolder.prepare(temporary, NOW);
        Files.writeString(temporary.resolve("loss.png"), "2");
        assertThat(OutputFolder.prepare(temporary, NOW)).isEqualTo(temporary.resolve("earlier/20260102-030405-2"));
        assertThat(temporary.resolve("earlier/20260102-030405/loss.png")).hasContent("1");
    }

    @Test
    void aFileInTheWayIsTold() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        assertThatThrownBy(() -> OutputFolder.prepare(file, NOW))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + file
                        + ", reason=a file is in the place of a folder. Move the file or choose another output.dir.");
    }
}
