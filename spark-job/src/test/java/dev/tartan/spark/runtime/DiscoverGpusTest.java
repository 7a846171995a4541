package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs scripts/discover-gpus with an nvidia-smi that only prints. */
@Timeout(60)
class DiscoverGpusTest {
    private static final Path SCRIPT = Path.of("..", "scripts", "discover-gpus");
    private static final String THREE_GPUS = "0, GPU-0a1\n1, GPU-1b2\n12, GPU-2c3\n";

    @TempDir
    Path folder;

    private record Run(int exitCode, String out, String err) {}

    @Test
    void printsEveryGpuByItsNumber() throws Exception {
        assertThat(discover(THREE_GPUS, 0, null))
                .isEqualTo(new Run(0, "{\"name\":\"gpu\",\"addresses\":[\"0\",\"1\",\"12\"]}\n", ""));
    }

    @Test
    void printsWhatIsVisibleInTheOrderAndNotationOfTheVariable() throws Exception {
        assertThat(discover(THREE_GPUS, 0, "12, 0").out())
                .isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"12\",\"0\"]}\n");
        assertThat(discover(THREE_GPUS, 0, "1,-1,0").out()).isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"1\"]}\n");
        assertThat(discover(THREE_GPUS, 0, "GPU-2c,GPU-0a1").out())
                .isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"GPU-2c\",\"GPU-0a1\"]}\n");
        assertThat(discover(THREE_GPUS, 0, "MIG-7").out()).isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"MIG-7\"]}\n");
    }

    @Test
    void explainsWhyThereIsNone() throws Exception {
        assertFails(discover(null, 0, null), "nvidia-smi is missing: PATH=");
        assertFails(discover("no driver", 9, null), "nvidia-smi failed: reason=no driver.");
        assertFails(
                discover("No devices were found\n", 0, null), "machine has no GPU: nvidia-smi=No devices were found");
        assertFails(discover(THREE_GPUS, 0, ""), "CUDA_VISIBLE_DEVICES hides all GPUs: CUDA_VISIBLE_DEVICES=.");
        assertFails(discover(THREE_GPUS, 0, "-1"), "CUDA_VISIBLE_DEVICES hides all GPUs: CUDA_VISIBLE_DEVICES=-1.");
    }

    @Test
    void namesAGpuThatIsNotThere() throws Exception {
        assertFails(
                discover(THREE_GPUS, 0, "0,2"),
                "CUDA_VISIBLE_DEVICES names a GPU that nvidia-smi does not: entry=2, CUDA_VISIBLE_DEVICES=0,2,"
                        + " known=0,GPU-0a1 1,GPU-1b2 12,GPU-2c3. Correct it.");
        assertFails(discover(THREE_GPUS, 0, "GPU-9"), "entry=GPU-9");
    }

    private static void assertFails(Run run, String message) {
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("discover-gpus: ").contains(message).hasLineCount(1);
    }

    private Run discover(@Nullable String listing, int exitCode, @Nullable String visibleDevices) throws Exception {
        Path tools = Files.createTempDirectory(folder, "bin");
        for (String tool : new String[] {"env", "bash", "grep", "cut", "tr"}) {
            Files.createSymbolicLink(tools.resolve(tool), find(tool));
        }
        if (listing != null) {
            Path fake = Files.writeString(
                    tools.resolve("nvidia-smi"),
                    "#!/usr/bin/env bash\nprintf %s '" + listing + "'\nexit " + exitCode + "\n");
            assertThat(fake.toFile().setExecutable(true)).isTrue();
        }
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("PATH", tools.toString());
        builder.environment().remove("CUDA_VISIBLE_DEVICES");
        if (visibleDevices != null) {
            builder.environment().put("CUDA_VISIBLE_DEVICES", visibleDevices);
        }
        Process process = builder.start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Run(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }

    private static Path find(String tool) throws IOException {
        for (String folder : new String[] {"/usr/bin", "/bin"}) {
            Path path = Path.of(folder, tool);
            if (Files.isExecutable(path)) {
                return path;
            }
        }
        throw new IOException("tool is missing: name=" + tool);
    }
}
