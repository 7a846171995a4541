package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.DeviceChoice;
import dev.tartan.train.config.InvalidConfigException;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackendsTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @Test
    void autoIsTheCpuWhereThereIsNoOtherBackend() {
        for (DeviceChoice choice : new DeviceChoice[] {DeviceChoice.AUTO, DeviceChoice.CPU}) {
            assertThat(Backends.of(choice).profile().kind()).isEqualTo(DeviceKind.CPU);
            assertThat(Backends.of(choice).profile().memoryBytes()).isPositive();
        }
    }

    @Test
    void aGpuWithoutADriverIsRefusedByOneLine() {
        assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "this machine has a driver");
        assertThatThrownBy(() -> Backends.of(DeviceChoice.CUDA))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("device cannot be used, since this machine has no CUDA driver: device=cuda,"
                        + " found=(no libcuda.so.1 is found|libcuda.so.1 is a stub|there is no /dev/nvidiactl)\\."
                        + " Choose device=cpu or device=auto\\.");
    }

    @Test
    void whatIsNotBuiltYetIsRefusedByOneLine() {
        assertThatThrownBy(() -> Backends.of(DeviceChoice.ND4J_CUDA))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "device cannot be used, since this build of Tartan lacks an assembly with ND4J's CUDA kernels:"
                                + " device=nd4j-cuda. Choose device=cpu or device=auto.");
        assertThatThrownBy(() -> Backends.of(DeviceKind.ND4J_CUDA, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("device has no backend: device=nd4j-cuda");
    }

    @Test
    void configsNameTheDevice() {
        RunConfig config = SmallRun.config(folder, "run", 1, 1, "device=nd4j-cuda");
        assertThat(config.device()).isEqualTo(DeviceChoice.ND4J_CUDA);
        assertThat(TrainingJob.of(config).device()).isEqualTo(DeviceChoice.ND4J_CUDA);
        assertThat(config.render()).startsWith("device = nd4j-cuda\n");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
        assertThat(SmallRun.config(folder, "run", 1, 1).device()).isEqualTo(DeviceChoice.AUTO);
        assertThatThrownBy(() -> SmallRun.config(folder, "run", 1, 1, "device=gpu"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("device is not one of auto, cpu, nd4j-cuda, cuda: value=gpu.");
        assertThatThrownBy(() -> SmallRun.config(folder, "run", 1, 1, "device.kind=cpu"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("device is not one of auto, cpu, nd4j-cuda, cuda");
    }

    @Test
    void plansSayWhatTheyWereMadeFor() {
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, "run", 1, 1));
        assertThat(job.compile(DeviceTraits.PLAIN).device()).isEqualTo(DeviceTraits.PLAIN.profile());
    }
}
