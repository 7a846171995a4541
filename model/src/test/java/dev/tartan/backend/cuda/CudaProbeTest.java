package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaProbeTest {
    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.write(path, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String obstacle(String searchPath) {
        return new CudaProbe(root, searchPath).obstacle();
    }

    @Test
    void aDriverIsALibraryWithFunctionsAndADevice() throws IOException {
        assertThat(obstacle(null)).isEqualTo("no libcuda.so.1 is found");
        write("usr/lib64/libcuda.so.1", "ELF cuGetErrorName\0cuInit\0");
        assertThat(obstacle(null)).isEqualTo("there is no /dev/nvidiactl");
        write("dev/nvidiactl", "");
        assertThat(obstacle(null)).isNull();
    }

    /**
     * Such a library is put on the search path to load what is linked against the driver; its functions end the JVM.
     */
    @Test
    void aStubIsNoDriverAndTheLoaderTakesItFirst() throws IOException {
        write("usr/lib64/libcuda.so.1", "ELF cuInit\0");
        write("dev/nvidiactl", "");
        write("stub/libcuda.so.1", "ELF cuInitialize\0");
        assertThat(obstacle(":" + root.resolve("stub"))).isEqualTo("libcuda.so.1 is a stub");
        assertThat(obstacle(root.resolve("nowhere").toString())).isNull();
    }

    @Test
    void foldersOfTheLoadersConfigurationAreSearched() throws IOException {
        write("etc/ld.so.conf.d/gpu.conf", "# comment\n/opt/driver\n");
        write("opt/driver/libcuda.so.1", "cuInit\0");
        write("dev/dxg", "");
        assertThat(obstacle(null)).isNull();
    }
}
