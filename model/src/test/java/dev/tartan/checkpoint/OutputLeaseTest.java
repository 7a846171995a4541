package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
    void whoLostTheFolderIsToldByWhomItWasTaken() throws Exception {
        Path file = folder.resolve(OutputLease.FILE_NAME);
        try (OutputLease first = OutputLease.take(folder, "first")) {
            CompletableFuture<OutputException> told = new CompletableFuture<>();
            first.onLost(told::complete);
            first.check();
            Files.write(file, List.of("run=second", "id=2"));
            String taken = "output folder was taken by another run: path=" + folder + ", run=second, id=2. This run was"
                    + " stopped, so that results do not mix. Give each run an output.dir of its own.";
            assertThat(told.get(20, TimeUnit.SECONDS)).hasMessage(taken);
            assertThatThrownBy(first::check).hasMessage(taken);
            CompletableFuture<OutputException> late = new CompletableFuture<>();
            first.onLost(late::complete);
            assertThat(late).isCompleted();
        }
        assertThat(file).exists();
    }

    @Test
    void aLeaseThatIsGoneIsLost() throws Exception {
        try (OutputLease first = OutputLease.take(folder, "first")) {
            Files.delete(folder.resolve(OutputLease.FILE_NAME));
            assertThatThrownBy(first::check)
                    .isInstanceOf(OutputException.class)
                    .hasMessageStartingWith("output folder's lease was removed, by another run or by hand: path="
                            + folder + ". This run was stopped");
        }
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
