package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.path.UriPath;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link Files} does in a store, on one that cannot append, seek in what it writes, or set times. */
class StoreProviderTest {
    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();
    private Path root = Path.of("");

    @BeforeEach
    void makeTheStoreKnown() {
        properties = StoreProperties.below(folder);
        root = UriPath.of("store://box/");
    }

    @AfterEach
    void forgetTheStore() {
        properties.close();
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        Path file = root.resolve("a b").resolve("text");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "one\ntwo\n");
        assertThat(folder.resolve("box/a b/text")).hasContent("one\ntwo\n");
        assertThat(Files.readAllLines(file)).containsExactly("one", "two");
        assertThat(Files.size(file)).isEqualTo(8);
        assertThat(Files.isRegularFile(file)).isTrue();
        assertThat(Files.isDirectory(file.getParent())).isTrue();
        assertThat(Files.isSymbolicLink(file)).isFalse();
        Files.writeString(file, "new");
        assertThat(Files.readString(file)).isEqualTo("new");
        assertThat(Files.exists(root.resolve("nothing"))).isFalse();
        assertThat(Files.notExists(root.resolve("nothing"))).isTrue();
        Files.createDirectories(file.getParent());
        assertThatThrownBy(() -> Files.createDirectories(file)).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void filesAreReadAtPositions() throws IOException {
        Path file = Files.writeString(root.resolve("digits"), "0123456789");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            assertThat(channel.size()).isEqualTo(10);
            for (ByteBuffer buffer : List.of(ByteBuffer.allocate(3), ByteBuffer.allocateDirect(3))) {
                assertThat(channel.read(buffer, 6)).isEqualTo(3);
                assertThat(StandardCharsets.UTF_8.decode(buffer.flip()).toString())
                        .isEqualTo("678");
                assertThat(channel.read(buffer.clear(), 10)).isEqualTo(-1);
            }
            assertThat(channel.position()).isZero();
        }
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            ByteBuffer buffer = ByteBuffer.allocate(4);
            assertThat(channel.position(8).read(buffer)).isEqualTo(2);
            assertThat(channel.position()).isEqualTo(10);
        }
    }

    /** Shards named by an index, as of a checkpoint that was downloaded into the store. */
    @Test
    void checkpointsOfSeveralFilesAreFound() throws IOException {
        Path checkpoint = Files.createDirectories(root.resolve("checkpoint"));
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                folder.resolve("box/checkpoint/shard-1.safetensors"),
                List.of(new TensorDeclaration("w", DType.FLOAT32, Shape.shape(2, 3))),
                Map.of())) {
            writer.writeFloats("w", new float[] {1, 2, 3, 4, 5, 6});
            writer.finish();
        }
        Files.writeString(
                checkpoint.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"w\": \"shard-1.safetensors\"}}");
        try (CheckpointFiles files = CheckpointFiles.open(checkpoint)) {
            assertThat(files.path()).hasToString("store://box/checkpoint/model.safetensors.index.json");
            TensorSlice lastColumn = TensorSlice.of(new long[] {0, 2}, new long[] {2, 1});
            assertThat(files.readFloats("w", lastColumn)).containsExactly(3, 6);
        }
        Files.delete(checkpoint.resolve("shard-1.safetensors"));
        assertThatThrownBy(() -> CheckpointFiles.open(checkpoint))
                .hasMessageContaining("index names shards that are missing: path=store://box/checkpoint/");
    }

    @Test
    void flushedLinesCanBeWatched() throws IOException {
        Path file = root.resolve("metrics.jsonl");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write("{}\n".getBytes(StandardCharsets.UTF_8));
            out.flush();
            assertThat(Files.readString(file)).isEqualTo("{}\n");
        }
    }

    @Test
    void whatAStoreCannotDoIsRefused() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "old");
        assertThatThrownBy(() -> Files.writeString(file, "more", StandardOpenOption.APPEND))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("files of a store cannot be added to: path=store://box/file."
                        + " Keep one stream open until all is written.");
        assertThatThrownBy(() -> Files.newByteChannel(file, StandardOpenOption.WRITE))
                .hasMessageStartingWith("files of a store cannot be changed in place: path=store://box/file,");
        assertThatThrownBy(() -> FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE))
                .hasMessage("files of a store cannot be written at positions: path=store://box/file."
                        + " Write a local file and copy it.");
        assertThatThrownBy(() -> Files.writeString(file, "new", StandardOpenOption.CREATE_NEW))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readString(file)).isEqualTo("old");
        assertThatThrownBy(() -> Files.readString(root.resolve("nothing"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void foldersAreListed() throws IOException {
        Path parent = Files.createDirectories(root.resolve("data/inner"));
        Files.writeString(root.resolve("data/b.txt"), "b");
        Files.writeString(root.resolve("data/a.part"), "a");
        try (Stream<Path> list = Files.list(root.resolve("data"))) {
            assertThat(list.sorted()).containsExactly(root.resolve("data/a.part"), root.resolve("data/b.txt"), parent);
        }
        try (var parts = Files.newDirectoryStream(root.resolve("data"), "*.part")) {
            assertThat(parts).containsExactly(root.resolve("data/a.part"));
        }
        try (Stream<Path> all = Files.walk(root)) {
            assertThat(all).hasSize(5);
        }
        assertThatThrownBy(() -> Files.list(root.resolve("data/b.txt"))).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> Files.list(root.resolve("nothing"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void filesAreRenamedCopiedAndRemoved() throws IOException {
        Path a = Files.writeString(root.resolve("a"), "a");
        Path b = Files.writeString(root.resolve("b"), "b");
        assertThatThrownBy(() -> Files.move(a, b)).isInstanceOf(FileAlreadyExistsException.class);
        Files.move(a, b, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.exists(a)).isFalse();
        assertThat(Files.readString(b)).isEqualTo("a");
        assertThatThrownBy(() -> Files.move(a, b)).isInstanceOf(NoSuchFileException.class);
        Files.copy(b, a);
        assertThat(Files.readString(a)).isEqualTo("a");
        Path local = Files.copy(b, folder.resolve("local"));
        Files.copy(local, root.resolve("c"));
        assertThat(Files.readString(root.resolve("c"))).isEqualTo("a");
        assertThatThrownBy(() -> Files.delete(root)).isInstanceOf(DirectoryNotEmptyException.class);
        assertThat(Files.deleteIfExists(a)).isTrue();
        assertThat(Files.deleteIfExists(a)).isFalse();
    }

    @Test
    void aRenameThatTheStoreRefusesIsAFailure() throws IOException {
        properties.with(Map.of(FolderStore.refusesRenames(), "true"));
        Path here = UriPath.of("store://box/");
        Path a = Files.writeString(here.resolve("a"), "a");
        assertThatThrownBy(() -> Files.move(a, here.resolve("b")))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("store://box/a -> store://box/b: the store did not rename it to store://box/b");
        assertThat(Files.readString(a)).isEqualTo("a");
    }
}
