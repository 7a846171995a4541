package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tartan.backend.nd4j.KernelChecks;
import dev.tartan.backend.nd4j.TypedCases;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ops on a GPU; skipped without one. By {@code scripts/test-cuda}. */
@Tag("cuda")
class GpuKernelsTest {
    @BeforeAll
    static void requireGpu() {
        assumeTrue(CudaProbe.ofMachine().obstacle() == null, "there is no GPU, so no op runs on one");
    }

    @Test
    void opsMatchTheReference() {
        CudaBackend backend = CudaBackend.open();
        int count = 0;
        for (OpCase example : OpCases.all()) {
            OpCase floats = TypedCases.toFloat32(example);
            try {
                KernelChecks.assertMatchesReference(backend, backend.kernels(), floats, List.of());
                count++;
            } catch (UnsupportedOperationException e) {
                assertThat(e).hasMessageContaining("op has no kernel: op=");
            }
        }
        assertThat(count).isGreaterThan(50);
    }
}
