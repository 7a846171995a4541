package dev.tartan.plan.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HardwareProfileReaderTest {
    private static final Path SHIPPED = Path.of("../conf/hardware");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"this-machine", "a100", "h100"})
    void everyShippedProfileIsGood(String name) {
        HardwareProfile profile = HardwareProfileReader.read(SHIPPED.resolve(name + ".conf"));
        assertThat(profile.deviceMemory(1)).isPositive();
        assertThat(profile.intraNode().bytesPerSecond())
                .isGreaterThan(profile.interNode().bytesPerSecond());
    }

    @Test
    void devicesOfASharedProcessorGetAPartEach() {
        HardwareProfile profile = HardwareProfileReader.read(SHIPPED.resolve("this-machine.conf"));
        assertThat(profile.matmulFlops(DType.FLOAT32, 4)).isEqualTo(profile.matmulFlops(DType.FLOAT32, 1) / 4);
        assertThat(profile.deviceMemory(4)).isEqualTo(profile.deviceMemory(1) / 4);
        HardwareProfile gpus = HardwareProfileReader.read(SHIPPED.resolve("h100.conf"));
        assertThat(gpus.deviceMemory(4)).isEqualTo(gpus.deviceMemory(1));
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        String good = Files.readString(SHIPPED.resolve("h100.conf"));
        assertThatThrownBy(() -> HardwareProfileReader.read(folder.resolve("none.conf")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("hardware profile is missing: path=" + folder.resolve("none.conf")
                        + ". Give the name or path of one that exists.");
        assertThatThrownBy(() -> read(good + "\nwatts = 700"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has keys that are none")
                .hasMessageContaining("keys=[watts]");
        assertThatThrownBy(() -> read(good + "\nefficiency.matmul = 1.5"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("key=efficiency.matmul, value=1.5. Give a share above 0, up to 1.");
        assertThatThrownBy(() -> read(good.replace("memoryBandwidth", "memoryWidth")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("keys=[memoryWidth]");
        assertThatThrownBy(() -> read(good.replace("shared = false", "")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("shared");
    }

    private HardwareProfile read(String text) throws IOException {
        return HardwareProfileReader.read(Files.writeString(folder.resolve("some.conf"), text));
    }
}
