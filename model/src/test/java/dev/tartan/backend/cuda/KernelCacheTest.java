package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCacheTest {
    @TempDir
    Path folder;

    private final AtomicInteger made = new AtomicInteger();

    private KernelImage get(Path where, String... parts) {
        return new KernelCache(where)
                .get(List.of(parts), () -> new KernelImage("symbol" + made.incrementAndGet(), new byte[] {1, 0, 2}));
    }

    @Test
    void aKernelIsMadeOnceForAllThatItIsMadeOf() throws IOException {
        assertThat(get(folder, "sm_90", "source").symbol()).isEqualTo("symbol1");
        assertThat(get(folder, "sm_90", "source").symbol()).isEqualTo("symbol1");
        assertThat(get(folder, "sm_90", "source").bytes()).containsExactly(1, 0, 2);
        assertThat(get(folder, "sm_80", "source").symbol()).isEqualTo("symbol2");
        assertThat(get(folder, "sm_90", "other").symbol()).isEqualTo("symbol3");
        // The same letters, cut elsewhere.
        assertThat(get(folder, "sm_90s", "ource").symbol()).isEqualTo("symbol4");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(4).allMatch(file -> file.toString().endsWith(".kernel"));
        }
    }

    @Test
    void damagedFilesAreMadeAgain() throws IOException {
        get(folder, "a");
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.write(file, new byte[] {1, 2});
            }
        }
        assertThat(get(folder, "a").symbol()).isEqualTo("symbol2");
        assertThat(get(folder, "a").symbol()).isEqualTo("symbol2");
    }

    @Test
    void aFileThatPromisesMoreThanItHasIsMadeAgain() throws IOException {
        get(folder, "a");
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                byte[] bytes = Files.readAllBytes(file);
                // The length of 3, before as many bytes.
                bytes[bytes.length - 7] = 0x7F;
                Files.write(file, bytes);
            }
        }
        assertThat(get(folder, "a").symbol()).isEqualTo("symbol2");
    }

    @Test
    void kernelsAreMadeWhereNothingCanBeKept() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(get(file, "a").symbol()).isEqualTo("symbol1");
        assertThat(get(file, "a").symbol()).isEqualTo("symbol2");
    }
}
