package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceProfile;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CudaProfileTest {
    private static final Set<DType> USED = Set.of(DType.FLOAT32, DType.BFLOAT16);

    private static DeviceProfile gpu(String name, int capability) {
        return CudaBackend.profileOf(new CudaDriver.Gpu(name, capability, 1L << 34));
    }

    /** Attention in bfloat16 is for tensor cores that they lack. */
    @Test
    void planInBfloat16IsRefusedByGpusWithoutItsTensorCores() {
        DeviceProfile planned = CudaBackend.TRAITS.profile();
        assertThatThrownBy(() -> planned.require(gpu("Tesla T4", 75), 1 << 20, USED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "plan is for another device than 'Tesla T4': missing elementTypes=[BFLOAT16]. Compile it for"
                                + " the device that runs it.");
        assertThatCode(() -> planned.require(gpu("A100", 80), 1 << 20, USED)).doesNotThrowAnyException();
        assertThatCode(() -> planned.require(gpu("Tesla T4", 75), 1 << 20, Set.of(DType.FLOAT32)))
                .doesNotThrowAnyException();
    }
}
