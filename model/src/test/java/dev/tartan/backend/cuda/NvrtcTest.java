package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NVRTC and the presets of it, which need no GPU but a library of the driver's name: {@code scripts/test-cuda}. */
@Tag("cuda")
class NvrtcTest {
    @BeforeAll
    static void requireDriver() throws IOException {
        HostDriver.requireSome();
    }

    private static final int ELF = 0x7F;

    @TempDir
    Path folder;

    private static List<KernelName> oneOfEachTemplate() {
        Set<String> templates = new TreeSet<>();
        return KernelCatalog.all().stream()
                .filter(kernel -> templates.add(kernel.expression().replaceAll("<.*", "")))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void everyTemplateCompilesOnceForEachArchitecture(int capability) {
        BytedecoNvrtc compiler = new BytedecoNvrtc(capability, new KernelCache(folder));
        List<KernelName> kernels = oneOfEachTemplate();
        assertThat(kernels).hasSizeGreaterThan(20);
        long start = System.nanoTime();
        for (KernelName kernel : kernels) {
            KernelImage image = compiler.compile(kernel);
            assertThat(image.bytes()[0]).isEqualTo((byte) ELF);
            // Templates have mangled names, and all are in the image.
            assertThat(new String(image.bytes(), StandardCharsets.ISO_8859_1)).contains(image.symbol());
        }
        long compiled = System.nanoTime();
        BytedecoNvrtc again = new BytedecoNvrtc(capability, new KernelCache(folder));
        for (KernelName kernel : kernels) {
            assertThat(again.compile(kernel).symbol()).isNotEmpty();
        }
        System.out.printf(
                "%s: %d kernels in %d ms, from the cache in %d ms%n",
                compiler, kernels.size(), (compiled - start) / 1_000_000, (System.nanoTime() - compiled) / 1_000_000);
    }

    @Test
    void aGpuThatIsNewerThanTheCompilerGetsPtx() {
        BytedecoNvrtc compiler = new BytedecoNvrtc(999, new KernelCache(folder));
        assertThat(compiler.toString()).contains(" for compute_");
        KernelImage image = compiler.compile(oneOfEachTemplate().get(0));
        assertThat(new String(image.bytes(), StandardCharsets.ISO_8859_1)).contains(".entry " + image.symbol());
    }

    @Test
    void whatDoesNotCompileIsToldWithTheCompilersWords() {
        KernelName wrong = new KernelName(CudaSource.ELEMENTWISE, "unary<float, Nothing>");
        assertThatThrownBy(() -> new BytedecoNvrtc(90, new KernelCache(folder)).compile(wrong))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("kernel does not compile: kernel=unary<float, Nothing>, architecture=sm_90")
                .hasMessageContaining("\"Nothing\" is undefined");
    }

    @Test
    void withoutAGpuCublasLtIsLoadedAndRefuses() {
        assumeTrue(CudaProbe.ofMachine().obstacle() != null, "there is a GPU");
        assertThatThrownBy(BytedecoCublas::new).hasMessageStartingWith("cuBLASLt call failed: call=cublasLtCreate");
    }
}
