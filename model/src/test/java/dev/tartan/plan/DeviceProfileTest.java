package dev.tartan.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.plan.hardware.HardwareProfileReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeviceProfileTest {
    private static final DeviceProfile GPU =
            new DeviceProfile(DeviceKind.CUDA, "H100", 80L << 30, false, 0, List.of(DType.FLOAT32, DType.INT32), true);

    @Test
    void aDeviceWithMoreOfEverythingRunsThePlan() {
        GPU.require(GPU.withMemory(141L << 30), 60L << 30, Set.of(DType.FLOAT32));
        DeviceProfile.CPU.require(DeviceProfile.CPU.withMemory(1 << 20), 1 << 20, Set.of(DType.values()));
        // Whose memory is not known may have enough.
        GPU.require(GPU.withMemory(0), 60L << 30, Set.of());
    }

    @Test
    void allThatIsOtherwiseIsToldAtOnce() {
        assertThatThrownBy(() -> DeviceProfile.CPU.require(
                        GPU.withMemory(16L << 30), 20L << 30, Set.of(DType.FLOAT32, DType.FLOAT64)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("plan is for another device than 'H100': planned device=cpu, actual=cuda,"
                        + " planned sharesHostMemory=true, actual=false, neededBytes=21474836480,"
                        + " memoryBytes=17179869184, missing elementTypes=[FLOAT64]."
                        + " Compile it for the device that runs it.");
    }

    @Test
    void aMachineWithoutAGpuHasItsProfileFromAFile() {
        DeviceProfile h100 = HardwareProfileReader.read(Path.of("../conf/hardware/h100.conf"))
                .device();
        assertThat(h100.kind()).isEqualTo(DeviceKind.CUDA);
        assertThat(h100.sharesHostMemory()).isFalse();
        assertThat(h100.memoryBytes()).isEqualTo(79L << 30);
        assertThat(DeviceTraits.PLAIN.on(h100).sharesHostMemory()).isFalse();
        assertThat(HardwareProfileReader.read(Path.of("../conf/hardware/this-machine.conf"))
                        .device()
                        .kind())
                .isEqualTo(DeviceKind.CPU);
    }
}
