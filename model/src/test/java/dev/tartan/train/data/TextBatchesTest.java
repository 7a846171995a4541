package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import dev.tartan.network.PresentFields;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextBatchesTest {
    @TempDir
    Path folder;

    @Test
    void samplesAreConsecutiveBytesOfTheText() throws IOException {
        byte[] text = new byte[256];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) i;
        }
        try (TextBatches data = open(Files.write(folder.resolve("t"), text), 7, 4, 1)) {
            HostTensor tokens = data.samples(3, 0, 4).tensor(HostBatch.TOKENS);
            assertThat(tokens.shape()).isEqualTo(Shape.shape(4, 8));
            for (int sample = 0; sample < 4; sample++) {
                for (int i = 0; i < 8; i++) {
                    assertThat(tokens.ints()[sample * 8 + i]).isEqualTo(tokens.ints()[sample * 8] + i);
                }
            }
        }
    }

    @Test
    void everyPlaceIsReachedAndNoneBeyondTheEnd() throws IOException {
        Path file = Files.write(folder.resolve("t"), new byte[] {0, 1, 2, 3, 4, 5});
        Set<Integer> firstTokens = new HashSet<>();
        try (TextBatches data = open(file, 3, 8, 5)) {
            for (int step = 0; step < 20; step++) {
                int[] tokens = data.samples(step, 0, 8).tensor(HostBatch.TOKENS).ints();
                for (int sample = 0; sample < 8; sample++) {
                    firstTokens.add(tokens[sample * 4]);
                }
            }
        }
        assertThat(firstTokens).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void partsOfAStepAreThoseOfTheWholeStep() throws IOException {
        try (TextBatches data = open(random(), 16, 8, 9)) {
            HostTensor whole = data.samples(11, 0, 8).tensor(HostBatch.TOKENS);
            for (int first = 0; first < 8; first += 2) {
                HostTensor part = data.samples(11, first, 2).tensor(HostBatch.TOKENS);
                assertThat(part.ints())
                        .containsExactly(whole.slice(TensorSlice.rows(whole.shape(), first, 2))
                                .ints());
            }
        }
    }

    @Test
    void samplesFollowFromSeedAndNumberAlone() throws IOException {
        Path file = random();
        try (TextBatches eight = open(file, 16, 8, 9);
                TextBatches four = open(file, 16, 4, 9);
                TextBatches other = open(file, 16, 8, 10)) {
            int[] step = tokens(eight, 2, 8);
            assertThat(tokens(eight, 2, 8)).containsExactly(step);
            assertThat(tokens(eight, 3, 8)).isNotEqualTo(step);
            assertThat(tokens(other, 2, 8)).isNotEqualTo(step);
            // samples 16 to 23 of the run, however it is cut into steps
            assertThat(tokens(four, 4, 4)).containsExactly(Arrays.copyOf(step, 4 * 17));
        }
    }

    @Test
    void textOfExactlyOneSampleIsEnough() throws IOException {
        try (TextBatches data = open(Files.writeString(folder.resolve("t"), "abcd"), 3, 2, 0)) {
            assertThat(tokens(data, 0, 2)).containsExactly('a', 'b', 'c', 'd', 'a', 'b', 'c', 'd');
        }
    }

    @Test
    void folderIsReadInPathOrderWithoutBinaryHiddenAndBuiltFiles() throws IOException {
        write("b.txt", "B");
        write("a/z.txt", "Z");
        write("a.txt", "A");
        write("image.png", "P\0NG");
        write(".git/config", "hidden");
        write("a/.secret", "hidden");
        write("a/target/out.txt", "built");
        write("runs/old.txt", "run");
        write("mine/out.txt", "own output");
        TextFiles files = TextFiles.find(folder, folder.resolve("mine"));
        assertThat(files.files())
                .extracting(file -> folder.relativize(file).toString())
                .containsExactly("a.txt", "a/z.txt", "b.txt");
        assertThat(new String(files.read(), StandardCharsets.UTF_8)).isEqualTo("AZB");
    }

    @Test
    void missingEmptyAndShortTextIsReported() throws IOException {
        Path missing = folder.resolve("none");
        assertThatThrownBy(() -> open(missing, 3, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text data is missing: data.path=" + missing + ". Check the path of the file or folder.");
        assertThatThrownBy(() -> open(folder, 3, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text data is empty: data.path=" + folder
                        + ", bytes=0, needed=4 (network.context + 1). Give more text or a smaller network.context.");
        Path file = Files.writeString(folder.resolve("short"), "abc");
        assertThatThrownBy(() -> open(file, 3, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text data is too short: data.path=" + file
                        + ", bytes=3, needed=4 (network.context + 1). Give more text or a smaller network.context.");
    }

    @Test
    void configOpensTextData() throws IOException {
        Path file = random();
        RunConfig config = RunConfigLoader.load(
                null,
                List.of(
                        "network={kind=gpt,vocab=256,context=4,hidden=8,layers=1,heads=2}",
                        "data.kind=text",
                        "data.path=" + file,
                        "train.globalBatch=6"));
        BatchSpec spec =
                new BatchSpec(PresentFields.REQUIRED.of(config.network().create()), 6, 1, 0, null);
        try (BatchSource source = config.data().open(spec)) {
            assertThat(source.samples(0, 0, 6).tensor("tokens").shape()).isEqualTo(Shape.shape(6, 5));
        }
    }

    private TextBatches open(Path path, int context, int globalBatch, long seed) {
        return TextBatches.open(path, folder.resolve("output"), context, globalBatch, seed);
    }

    private Path random() throws IOException {
        byte[] text = new byte[5000];
        new java.util.Random(3).nextBytes(text);
        return Files.write(folder.resolve("random"), text);
    }

    private static int[] tokens(BatchSource source, long step, int samples) {
        return source.samples(step, 0, samples).tensor(HostBatch.TOKENS).ints();
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
