package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootIdTest {
    @TempDir
    Path folder;

    @Test
    void isReadWithoutTheNewline() throws Exception {
        Path file = Files.writeString(folder.resolve("boot_id"), "0f-1e\n");
        assertThat(BootId.read(file, "alpha")).isEqualTo("0f-1e");
    }

    @Test
    void theHostStandsInWhereThereIsNone() {
        assertThat(BootId.read(folder.resolve("none"), "alpha")).isEqualTo("alpha");
    }
}
