package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbsolutePathsTest {
    @TempDir
    Path folder;

    @Test
    void dotsAfterALinkLeadToWhereTheLinkDoes() throws IOException {
        Path far = Files.createDirectories(folder.resolve("far/away"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), far);
        assertThat(AbsolutePaths.absolute(link.resolve("../out"))).isEqualTo(link.resolve("../out"));
        assertThat(AbsolutePaths.absolute(folder.resolve("a/./b/../c"))).isEqualTo(folder.resolve("a/c"));
        assertThat(AbsolutePaths.absolute(link.resolve("x/../out"))).isEqualTo(link.resolve("out"));
        assertThat(AbsolutePaths.absolute(Path.of("out")))
                .isEqualTo(Path.of("out").toAbsolutePath());
    }
}
