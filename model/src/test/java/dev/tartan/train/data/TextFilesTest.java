package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files are known by what they are, not by how their paths are spelled, and what is left out is told. */
class TextFilesTest {
    @TempDir
    Path temporary;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(temporary.resolve("data"));
    }

    @Test
    void aLinkToAFolderIsTheFolder() throws IOException {
        write("a.txt", "A");
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
        assertThat(text(link, temporary.resolve("out"))).isEqualTo("A");
        assertThat(text(Files.createSymbolicLink(temporary.resolve("file"), folder.resolve("a.txt")), link))
                .isEqualTo("A");
    }

    @Test
    void linksAreFollowedAndEachFileIsReadOnceByItsOwnPath() throws IOException {
        write("b.txt", "B");
        Files.writeString(Files.createDirectory(temporary.resolve("far")).resolve("c.txt"), "C");
        Files.createSymbolicLink(folder.resolve("a.txt"), folder.resolve("b.txt"));
        Files.createSymbolicLink(folder.resolve("loop"), folder);
        Files.createSymbolicLink(folder.resolve("far"), temporary.resolve("far"));
        Files.createSymbolicLink(temporary.resolve("far/back"), folder);
        TextFiles files = TextFiles.find(folder, temporary.resolve("out"));
        assertThat(files.files())
                .extracting(file -> folder.relativize(file).toString())
                .containsExactly("b.txt", "far/c.txt");
        assertThat(files.skipped()).isEmpty();
    }

    @Test
    void whatIsLeftOutIsToldByKind() throws IOException {
        write("a.txt", "A");
        write("wide.txt", "hello", StandardCharsets.UTF_16);
        write("wide-le.txt", "hello there", StandardCharsets.UTF_16LE);
        Files.write(folder.resolve("b.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 8});
        for (int i = 1; i <= 4; i++) {
            write(i + ".png", "P\0NGNG");
        }
        Files.createSymbolicLink(folder.resolve("gone"), folder.resolve("nothing"));
        write("target/x", "built");
        write(".hidden", "secret");
        assertThat(TextFiles.find(folder, temporary.resolve("out")).skipped())
                .isEqualTo("2 in UTF-16 or UTF-32, convert to UTF-8 (wide-le.txt, wide.txt);"
                        + " 1 compressed, unpack first (b.gz); 4 binary, with zero bytes (1.png, 2.png, 3.png, ...);"
                        + " 1 broken links (gone); 1 folders of build output (target); 1 hidden (.hidden)");
    }

    @Test
    void emptyDataSaysWhatWasLeftOutAndARunNotesIt() throws IOException {
        write("wide.txt", "hello", StandardCharsets.UTF_16);
        String skipped = "skipped=1 in UTF-16 or UTF-32, convert to UTF-8 (wide.txt)";
        assertThatThrownBy(() -> TextBatches.open(folder, temporary.resolve("out"), 3, 1, 0))
                .hasMessage("text data is empty: data.path=" + folder + ", bytes=0, needed=4 (network.context + 1), "
                        + skipped + ". Give more text or a smaller network.context.");
        write("a.txt", "abcd");
        try (TextBatches data = TextBatches.open(folder, temporary.resolve("out"), 3, 1, 0)) {
            assertThat(data.notes()).containsExactly("not all of data.path is read: files=1, " + skipped);
        }
    }

    @Test
    void resultsAreNoDataHoweverTheirFolderIsSpelled() throws IOException {
        write("a.txt", "A");
        write("now/notes.txt", "no data");
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder.resolve("now"));
        assertThat(text(folder, link)).isEqualTo("A");
        assertThat(text(folder, folder.resolve("../data/now"))).isEqualTo("A");
        // Results of an earlier run, which went to another folder.
        write("before/config.conf", "mesh {}");
        write("before/metrics.jsonl", "{}");
        write("before/earlier/20260101-000000/config.conf", "mesh {}");
        assertThat(text(folder, folder.resolve("now"))).isEqualTo("A");
        assertThat(TextFiles.find(folder, folder.resolve("now")).skipped())
                .isEqualTo("2 results of runs (before, now)");
    }

    @Test
    void resultsBesideTheTextAreNoDataFromTheFirstRunOn() throws IOException {
        write("a.txt", "A");
        String before = text(folder, folder);
        write("config.conf", "mesh {}");
        write("metrics.jsonl", "{}");
        write("earlier/x/config.conf", "mesh {}");
        assertThat(text(folder, temporary.resolve("data"))).isEqualTo(before).isEqualTo("A");
    }

    private static String text(Path path, Path output) {
        return new String(TextFiles.find(path, output).read(), StandardCharsets.UTF_8);
    }

    private void write(String name, String text) throws IOException {
        write(name, text, StandardCharsets.UTF_8);
    }

    private void write(String name, String text, Charset charset) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text, charset);
    }
}
