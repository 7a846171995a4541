package dev.tartan.checkpoint.sharded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrunedCheckpointsTest {
    @TempDir
    Path folder;

    private void write(long step, String attempt) throws IOException {
        SmallCheckpoint.write(folder, "step-%010d-%s".formatted(step, attempt), step, manifest -> manifest);
    }

    private List<String> names() {
        return new CheckpointFolder(folder)
                .list(problem -> {}).stream()
                        .map(checkpoint -> checkpoint.folder().getFileName().toString())
                        .toList();
    }

    /** The attempt went on from an older one, since the newest was corrupt; what it writes must not go at once. */
    @Test
    void thoseOfThePresentAttemptStayThoughOthersHaveMoreSteps() throws IOException {
        write(24, "a");
        write(25, "a");
        write(21, "b");
        new CheckpointFolder(folder).prune(2, "b");
        assertThat(names()).containsExactly("step-0000000025-a", "step-0000000021-b");
        write(22, "b");
        new CheckpointFolder(folder).prune(2, "b");
        assertThat(names()).containsExactly("step-0000000022-b", "step-0000000021-b");
    }
}
