package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GpuPinningTest {
    @Test
    void withoutTheVariableAddressesAreOrdinals() {
        assertThat(GpuPinning.of(List.of("3", "2"), null)).isEqualTo(new GpuPinning(List.of(3, 2), List.of("3", "2")));
        assertThat(GpuPinning.of(List.of(), null).ordinals()).isEmpty();
    }

    @Test
    void theVariableRenumbersWhatItLists() {
        assertThat(GpuPinning.of(List.of("3", "2"), "2, 3").ordinals()).containsExactly(1, 0);
        assertThat(GpuPinning.of(List.of("GPU-b"), "GPU-a,GPU-b").ordinals()).containsExactly(1);
        assertThat(GpuPinning.of(List.of(), "").ordinals()).isEmpty();
    }

    @Test
    void aGpuThatTheVariableHidesIsNamedWithIt() {
        assertThatThrownBy(() -> GpuPinning.of(List.of("0", "2"), "0,1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("GPU given by Spark is hidden from its executor: address=2, CUDA_VISIBLE_DEVICES=0,1. Make"
                        + " the discovery script print visible GPUs only, as scripts/discover-gpus does, or unset"
                        + " CUDA_VISIBLE_DEVICES on the executors.");
        assertThatThrownBy(() -> GpuPinning.of(List.of("0"), "")).hasMessageContaining("address=0");
    }

    @Test
    void nothingAfterAnEntryThatIsNoDeviceIsVisible() {
        assertThat(GpuPinning.of(List.of("0"), "0,-1,1").ordinals()).containsExactly(0);
        assertThatThrownBy(() -> GpuPinning.of(List.of("1"), "0,-1,1")).hasMessageContaining("address=1");
    }

    @Test
    void aUuidHasNoNumberWithoutTheVariable() {
        assertThatThrownBy(() -> GpuPinning.of(List.of("GPU-a"), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("GPU address is no device number: address=GPU-a, CUDA_VISIBLE_DEVICES=unset. Make the"
                        + " discovery script print numbers, as scripts/discover-gpus does, or set CUDA_VISIBLE_DEVICES"
                        + " on the executors.");
    }
}
