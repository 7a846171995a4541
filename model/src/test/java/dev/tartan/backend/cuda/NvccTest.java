package dev.tartan.backend.cuda;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sources compile for GPUs; skipped, and said so, where there is no nvcc. */
class NvccTest {
    @TempDir
    @Nullable
    Path folder;

    /** An instance of every template, for Hopper, all sources as one. */
    @Test
    void everyTemplateCompiles() throws IOException {
        Set<String> templates = new TreeSet<>();
        List<KernelName> some = KernelCatalog.all().stream()
                .filter(kernel -> templates.add(kernel.expression().replaceAll("<.*", "")))
                .toList();
        compile(List.of(CudaSource.values()), some, List.of("90"));
    }

    /** Takes some minutes. */
    @Test
    @Tag("large")
    void everyKernelCompilesForAllArchitectures() throws IOException {
        for (CudaSource source : CudaSource.values()) {
            compile(
                    List.of(source),
                    KernelCatalog.all().stream()
                            .filter(kernel -> kernel.source() == source)
                            .toList(),
                    List.of("75", "80", "86", "90"));
        }
    }

    private void compile(List<CudaSource> sources, List<KernelName> kernels, List<String> architectures)
            throws IOException {
        String nvcc = Tool.find("nvcc");
        Tool.requireOrSkip(nvcc, "nvcc", "the CUDA kernels are not compiled for any GPU");
        for (String name : CudaSource.HEADERS) {
            Files.writeString(folder.resolve(name), CudaSource.text(name));
        }
        for (CudaSource source : sources) {
            Files.writeString(folder.resolve(source.fileName()), source.text());
        }
        // The address of an instance makes the compiler make the instance.
        String text = sources.stream()
                        .map(source -> "#include \"" + source.fileName() + "\"\n")
                        .collect(joining())
                + kernels.stream()
                        .map(kernel -> "    (const void*) " + kernel.expression() + ",\n")
                        .collect(joining("", "const void* instances[] = {\n", "};\n"));
        Files.writeString(folder.resolve("instances.cu"), text);
        List<String> command = new ArrayList<>(List.of(nvcc, "-std=c++17", "-Werror", "all-warnings", "-fatbin"));
        for (String architecture : architectures) {
            command.add("-gencode=arch=compute_" + architecture + ",code=sm_" + architecture);
        }
        command.addAll(List.of("--threads=2", "instances.cu"));
        Tool.run(folder, command);
        assertThat(Files.size(folder.resolve("instances.fatbin"))).isGreaterThan(10_000);
    }
}
