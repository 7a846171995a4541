package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.path.UriPath;
import dev.tartan.spark.kryo.TartanKryo;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorePathTest {
    private static final List<String> TEXTS = List.of(
            "/",
            "/a",
            "/a/b",
            "/a/./b",
            "/a/../b",
            "/..",
            "/a/b/c",
            "/a/bc",
            "a",
            "a/b",
            "..",
            "../a",
            "./a",
            "a/..",
            "a b/ü",
            ".hidden",
            "/a/b/../../..");

    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();
    private StoreFileSystem store = new StoreFileSystem("store", "box");

    @BeforeEach
    void makeTheStoreKnown() {
        properties = StoreProperties.below(folder);
        store = (StoreFileSystem) UriPath.of("store://box/").getFileSystem();
    }

    @AfterEach
    void forgetTheStore() {
        properties.close();
    }

    /** The path operations of the local file system, on the same names, are the reference. */
    @Test
    void pathsAreTakenApartAndJoinedAsLocalOnesAre() {
        for (String text : TEXTS) {
            assertSame(text, Path::normalize);
            assertSame(text, Path::getParent);
            assertSame(text, Path::getFileName);
            assertSame(text, Path::getRoot);
            assertThat(store.getPath(text).getNameCount())
                    .as(text)
                    .isEqualTo(Path.of(text).getNameCount());
            assertThat(store.getPath(text).isAbsolute()).isEqualTo(Path.of(text).isAbsolute());
            for (String other : TEXTS) {
                Path path = store.getPath(other);
                Path local = Path.of(other);
                assertSame(text, p -> p.resolve(p instanceof StorePath ? path : local));
                assertSame(text, p -> p.resolveSibling(p instanceof StorePath ? path : local));
                assertThat(store.getPath(text).startsWith(path))
                        .as("%s starts with %s", text, other)
                        .isEqualTo(Path.of(text).startsWith(local));
                assertThat(store.getPath(text).endsWith(path))
                        .as("%s ends with %s", text, other)
                        .isEqualTo(Path.of(text).endsWith(local));
                assertThat(store.getPath(text).equals(path))
                        .isEqualTo(Path.of(text).equals(local));
                // The local file system takes dots out before it compares.
                boolean plain = !text.contains("..") && !other.contains("..") && !(text + other).contains("./");
                if (plain && local.isAbsolute() == Path.of(text).isAbsolute()) {
                    assertSame(text, p -> p.relativize(p instanceof StorePath ? path : local));
                }
            }
        }
    }

    private void assertSame(String text, Function<Path, @Nullable Path> operation) {
        Path expected = operation.apply(Path.of(text));
        Path actual = operation.apply(store.getPath(text));
        assertThat(actual == null ? null : text(actual))
                .as("of %s", text)
                .isEqualTo(expected == null ? null : expected.toString());
    }

    private String text(Path path) {
        return path.isAbsolute() ? path.toString().substring(store.toString().length()) : path.toString();
    }

    @Test
    void textIsTheUriAsItWasWritten() {
        for (String text : List.of("store://box/a/b", "store://box/", "store://u:1/a b/100%/#x", "hdfs:///a")) {
            Path path = UriPath.of(text);
            assertThat(path).hasToString(text);
            assertThat(path.isAbsolute()).isTrue();
            assertThat(UriPath.of(path.toString())).isEqualTo(path).hasSameHashCodeAs(path);
        }
        assertThat(UriPath.of("store://box")).hasToString("store://box/");
        assertThat(UriPath.of("hdfs:/a")).hasToString("hdfs:///a");
        assertThat(UriPath.of("store://box/a b").toUri()).hasToString("store://box/a%20b");
        assertThat(UriPath.of("store://box/a").resolve("b/c")).hasToString("store://box/a/b/c");
        assertThat(UriPath.of("store://box/a")).isNotEqualTo(UriPath.of("store://other/a"));
    }

    @Test
    void pathsTravelByTheirUris() {
        Path inStore = UriPath.of("store://box/a b/c");
        assertThat(TartanKryo.fromBytes(TartanKryo.toBytes(inStore))).isEqualTo(inStore);
        // A local folder whose name looks like a scheme stays one.
        Path local = Path.of("store:/box/a");
        assertThat(TartanKryo.fromBytes(TartanKryo.toBytes(local))).isEqualTo(local);
    }

    @Test
    void pathsOfTwoFileSystemsDoNotMix() {
        Path path = UriPath.of("store://box/a");
        assertThatThrownBy(() -> path.resolve(Path.of("b")))
                .isInstanceOf(ProviderMismatchException.class)
                .hasMessage("paths are of different file systems: path=store://box/a, other=b."
                        + " Give paths of one file system.");
    }
}
