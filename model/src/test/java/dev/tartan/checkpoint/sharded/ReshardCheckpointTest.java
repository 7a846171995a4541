package dev.tartan.checkpoint.sharded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReshardCheckpointTest {
    @TempDir
    Path folder;

    private Path written = Path.of("");

    @BeforeEach
    void write() throws IOException {
        written = SmallCheckpoint.write(folder, "step-0000000007-a", 7, manifest -> manifest);
    }

    private ShardedCheckpoint source() {
        return ShardedCheckpoint.open(written);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 9})
    void itHoldsTheSameInAnotherNumberOfFiles(int files) {
        AtomicLong told = new AtomicLong();
        ShardedCheckpoint made = ReshardCheckpoint.run(source(), folder.resolve("made"), files, told::addAndGet);
        made.verify();
        SmallCheckpoint.read(made.folder());
        Manifest manifest = made.manifest();
        assertThat(manifest.files()).hasSize(files);
        assertThat(manifest.step()).isEqualTo(7);
        assertThat(manifest.run()).isEqualTo(source().manifest().run());
        assertThat(manifest.progress()).isEqualTo(source().manifest().progress());
        assertThat(told).hasValue((24 + 5) * 4);
    }

    @Test
    void rowsAreDealtOutAsEvenlyAsPossible() {
        ShardedCheckpoint made = ReshardCheckpoint.run(source(), folder.resolve("made"), 3, bytes -> {});
        assertThat(made.manifest().tensors().stream()
                        .map(tensor -> tensor.boxes().stream()
                                .map(box -> box.slice().toString())
                                .toList()))
                .containsExactly(List.of("[0:1, 0:6]", "[1:2, 0:6]", "[2:4, 0:6]"), List.of("[0:1]", "[1:3]", "[3:5]"));
    }

    @Test
    void filesWithoutTensorsComeAlong() throws IOException {
        byte[] content = "what was measured".getBytes(StandardCharsets.UTF_8);
        Path path = folder.resolve("step-0000000008-a");
        SmallCheckpoint.write(folder, "step-0000000008-a", 8, manifest -> {
            List<ShardFile> files = new ArrayList<>(manifest.files());
            try {
                files.add(AttachedFile.write(path, "metrics.jsonl", content));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Manifest(8, manifest.time(), manifest.run(), manifest.progress(), files, manifest.tensors());
        });
        ShardedCheckpoint made =
                ReshardCheckpoint.run(ShardedCheckpoint.open(path), folder.resolve("made"), 1, bytes -> {});
        made.verify();
        assertThat(made.manifest().files())
                .extracting(ShardFile::name)
                .containsExactly(ShardFile.name(0), "metrics.jsonl");
        assertThat(made.attached("metrics.jsonl")).isEqualTo(content);
    }

    @Test
    void aDamagedSourceLeavesNothingBehind() throws IOException {
        Path file = written.resolve("rank-1");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> ReshardCheckpoint.run(source(), folder.resolve("made"), 2, bytesRead -> {}))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint file is corrupt: path=" + file + ", offset=0");
        assertThat(folder.resolve("made")).doesNotExist();
    }

    @Test
    void aFolderWithSomethingInItIsRefused() {
        assertThatThrownBy(() -> ReshardCheckpoint.run(source(), folder, 2, bytes -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("folder for the checkpoint is not empty: path=" + folder
                        + ", found=step-0000000007-a. Give a folder that is empty or not there.");
        assertThatThrownBy(() -> ReshardCheckpoint.run(source(), folder.resolve("made"), 0, bytes -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("number of files is out of range: files=0, most=65536. Give a whole number from 1 on.");
    }
}
