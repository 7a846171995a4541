package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputLeaseTest {
    @TempDir
    Path folder;

    @Test
    void secondRunIsRefusedByTheNameOfTheFirst() {
        try (OutputLease first = OutputLease.take(folder, "Gpt on a mesh")) {
            assertThatThrownBy(() -> OutputLease.take(folder, "another"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(
                            "output folder belongs to a run under way: path=" + folder + ", run=Gpt on a mesh, id=")
                    .hasMessageContaining("pid=" + ProcessHandle.current().pid());
            assertThat(first.isLost()).isFalse();
        }
        assertThat(folder).isEmptyDirectory();
        OutputLease.take(folder, "another").close();
    }

    @Test
    void leaseOfAProcessThatIsGoneIsTakenOverAtOnce() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        try (OutputLease real = OutputLease.take(folder, "real")) {
            Path file = folder.resolve(OutputLease.FILE_NAME);
            List<String> lines = Files.readAllLines(file).stream()
                    .map(line -> line.startsWith("pid=") ? "pid=" + gone.pid() : line)
                    .toList();
            Files.write(file, lines);
            try (OutputLease next = OutputLease.take(folder, "next")) {
                assertThat(Files.readAllLines(file)).contains("run=next");
                assertThat(next.isLost()).isFalse();
                assertThat(real.isLost()).isFalse();
            }
        }
    }

    @Test
    void leaseOfAnotherMachineIsTakenOverWhenItIsStale() throws Exception {
        Path file = folder.resolve(OutputLease.FILE_NAME);
        Files.write(file, List.of("run=far", "id=1", "host=elsewhere.example", "pid=1", "started=then"));
        assertThatThrownBy(() -> OutputLease.take(folder, "next", Duration.ofSeconds(15)))
                .hasMessageContaining("host=elsewhere.example");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(16)));
        OutputLease.take(folder, "next", Duration.ofSeconds(15)).close();
        assertThat(file).doesNotExist();
    }

    @Test
    void whoLostTheFolderDoesNotRemoveTheLeaseOfItsSuccessor() throws Exception {
        Path file = folder.resolve(OutputLease.FILE_NAME);
        try (OutputLease first = OutputLease.take(folder, "first")) {
            Files.write(file, List.of("run=second"));
            assertThat(first.isLost()).isFalse();
        }
        assertThat(file).hasContent("run=second");
    }
}
