package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointFilesTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    @Test
    void fileFolderAndIndexGiveTheSameTensors() throws IOException {
        Path whole = write("model.safetensors", "a", "b");
        assertThat(values(whole)).isEqualTo(Map.of("a", List.of(1f, 2f), "b", List.of(2f, 3f)));
        assertThat(values(folder)).isEqualTo(values(whole));

        Path sharded = Files.createDirectory(folder.resolve("sharded"));
        write("sharded/one.safetensors", "a");
        Files.move(write("b.safetensors", "padding", "b"), sharded.resolve("two.safetensors"));
        Path index = index(sharded, "{'a': 'one.safetensors', 'b': 'two.safetensors', 'padding': 'two.safetensors'}");
        assertThat(values(index)).containsAllEntriesOf(Map.of("a", List.of(1f, 2f), "b", List.of(2f, 3f)));
        assertThat(values(sharded)).isEqualTo(values(index));
    }

    @Test
    void folderOfOneFileNeedsNoUsualName() throws IOException {
        Path file = write("final.safetensors", "a");
        Files.writeString(folder.resolve("._final.safetensors"), "what another system keeps beside files");
        assertThat(values(folder)).isEqualTo(values(file));
    }

    @Test
    void configIsFoundBesideAFileAndBesideALinkToIt() throws IOException {
        Path blob = Files.createDirectory(folder.resolve("blobs")).resolve("5f3a");
        Files.move(write("model.safetensors", "a"), blob);
        Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
        Path link = Files.createSymbolicLink(snapshot.resolve("model.safetensors"), blob);
        try (CheckpointFiles files = CheckpointFiles.open(link)) {
            assertThat(files.config()).isNull();
        }
        Path config = Files.writeString(snapshot.resolve("config.json"), "{}");
        for (Path path : List.of(link, snapshot)) {
            try (CheckpointFiles files = CheckpointFiles.open(path)) {
                assertThat(files.config()).isEqualTo(config);
            }
        }
    }

    @Test
    void metadataIsWhatAllFilesAgreeOn() throws IOException {
        write("one.safetensors", Map.of("format", "pt", "part", "1"), "a");
        write("two.safetensors", Map.of("format", "pt", "part", "2"), "b");
        index(folder, "{'a': 'one.safetensors', 'b': 'two.safetensors'}");
        try (CheckpointFiles files = CheckpointFiles.open(folder)) {
            assertThat(files.metadata()).isEqualTo(Map.of("format", "pt"));
        }
    }

    @Test
    void foldersWithoutOneCheckpointAreRefused() throws IOException {
        assertRefused(folder, "folder holds no safetensors file: path=" + folder + ". Check the path.");
        Files.writeString(folder.resolve("pytorch_model.bin"), "PK");
        assertRefused(folder, "folder holds no safetensors file", "otherFormats=[pytorch_model.bin]", "Convert it");
        assertRefused(folder.resolve("pytorch_model.bin"), "file is not a safetensors file", "Convert it");
        write("one.safetensors", "a");
        write("two.safetensors", "b");
        assertRefused(
                folder,
                "folder holds several safetensors files and no index",
                "files=[one.safetensors, two.safetensors]",
                "Name one");
        write("model.safetensors", "a");
        index(folder, "{'a': 'one.safetensors'}");
        assertRefused(
                folder,
                "folder holds two checkpoints",
                "files=[model.safetensors, " + INDEX + "]",
                "Name one of the two");
    }

    @Test
    void missingPathsAreNamed() {
        assertRefused(folder.resolve("none"), "safetensors file is missing: path=" + folder.resolve("none"));
        assertRefused(folder.resolve("none.json"), "JSON file is missing: path=" + folder.resolve("none.json"));
    }

    @Test
    void allMissingShardsAreNamed() throws IOException {
        write("two.safetensors", "b");
        index(folder, "{'a': 'one.safetensors', 'b': 'two.safetensors', 'c': 'three.safetensors'}");
        assertRefused(
                folder,
                "index names shards that are missing: path=" + folder.resolve(INDEX),
                "missing=[one.safetensors, three.safetensors]. Download all");
    }

    @Test
    void shardsMustHoldWhatTheIndexSays() throws IOException {
        write("one.safetensors", "a", "stray");
        index(folder, "{'a': 'one.safetensors', 'b': 'one.safetensors'}");
        assertRefused(
                folder,
                "shard does not hold what the index says: path=" + folder.resolve("one.safetensors"),
                "absent=[b], unlisted=[stray]. Download");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../etc/passwd",
                "/etc/passwd",
                "sub/one.safetensors",
                "..",
                ".",
                "",
                "..\\\\one.safetensors",
                "one\\u0000.safetensors"
            })
    void shardsOutsideTheIndexsFolderAreRefused(String name) throws IOException {
        write("one.safetensors", "a");
        Files.createDirectory(folder.resolve("sub"));
        Files.copy(folder.resolve("one.safetensors"), folder.resolve("sub/one.safetensors"));
        index(folder, "{'a': '" + name + "'}");
        assertRefused(folder, "index names a shard that is not a file of its own folder", "tensor=a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'weight_map': {}}",
                "{'weight_map': []}",
                "{'weight_map': {'a': 3}}",
                "{'weight_map': {'a': null}}",
                "{'weight_map': {'a': 'one.safetensors', 'a': 'one.safetensors'}}",
                "{'weight_map': {'a': 'one.safetensors'}} more",
                "[]",
                "null",
                "3",
                "",
                "{'weight_map': {'a': 'one"
            })
    void brokenIndexesAreRefused(String text) throws IOException {
        write("one.safetensors", "a");
        Path index = Files.writeString(folder.resolve(INDEX), text.replace('\'', '"'));
        assertRefused(folder, index.toString());
    }

    @Test
    void mutatedIndexesEndInAClearErrorOrLoad() throws IOException {
        write("one.safetensors", "a");
        write("two.safetensors", "b");
        Path path = index(folder, "{'a': 'one.safetensors', 'b': 'two.safetensors'}");
        byte[] good = Files.readAllBytes(path);
        Random random = new Random(9);
        int loaded = 0;
        for (int round = 0; round < 1000; round++) {
            byte[] bad = Arrays.copyOf(good, round % 3 == 0 ? random.nextInt(good.length) : good.length);
            for (int change = random.nextInt(4); change > 0 && bad.length > 0; change--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            Files.write(path, bad);
            try (CheckpointFiles files = CheckpointFiles.open(path)) {
                assertThat(files.tensors()).isNotEmpty();
                loaded++;
            } catch (InvalidCheckpointException e) {
                assertThat(e.getMessage()).contains(folder.toString()).doesNotContain("\n");
            }
        }
        assertThat(loaded).as("rounds without a change that matters").isBetween(1, 999);
    }

    private static void assertRefused(Path path, String... parts) {
        assertThatThrownBy(() -> CheckpointFiles.open(path).close())
                .isInstanceOf(InvalidCheckpointException.class)
                .message()
                .contains(parts);
    }

    private static Map<String, List<Float>> values(Path path) {
        try (CheckpointFiles files = CheckpointFiles.open(path)) {
            Map<String, List<Float>> values = new TreeMap<>();
            files.tensors().forEach((name, entry) -> {
                float[] read = files.readFloats(name, TensorSlice.whole(entry.shape()));
                values.put(name, List.of(read[0], read[1]));
            });
            return values;
        }
    }

    private Path write(String file, String... names) {
        return write(file, Map.of(), names);
    }

    /** A tensor {@code x} of two values, its letter's place in the alphabet and the one after it. */
    private Path write(String file, Map<String, String> metadata, String... names) {
        Path path = folder.resolve(file);
        Shape shape = Shape.shape(2);
        List<TensorDeclaration> declarations = Arrays.stream(names)
                .map(name -> new TensorDeclaration(name, DType.FLOAT32, shape))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, declarations, metadata)) {
            for (String name : names) {
                float place = name.charAt(0) - 'a' + 1;
                writer.writeFloats(name, TensorSlice.whole(shape), new float[] {place, place + 1});
            }
            writer.finish();
        }
        return path;
    }

    private static Path index(Path folder, String weightMap) throws IOException {
        String json = "{'metadata': {'total_size': 16}, 'weight_map': " + weightMap + "}";
        return Files.write(folder.resolve(INDEX), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
