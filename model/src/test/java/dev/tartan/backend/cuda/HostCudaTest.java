package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.cuda.Launch.Extent;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stand-in for a GPU finds the faults that it says it finds. */
class HostCudaTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "barrier_of_a_part      | deadlock: threads wait at faulty_kernels.cu:",
                "barriers_at_two_places | threads meet at different places: faulty_kernels.cu:12 and faulty_kernels.cu:14",
                "shuffle_of_a_part      | warp operation of a part of a warp at faulty_kernels.cu:18",
                "thread_ends_early      | threads have ended while others wait for them at faulty_kernels.cu:21",
                "index_past_the_end     | index outside of a shared array: index=32, length=32",
                "dynamic_past_the_end   | write past the end of dynamic shared memory",
                "misaligned             | misaligned access of 16 bytes at common.cuh:",
            })
    void faultsAreFoundUnderEverySeed(String kernel, String message) {
        for (int seed = 0; seed < 5; seed++) {
            try (GuardedArray out = GuardedArray.of(CudaType.INT32, new double[64])) {
                assertThat(HostCuda.tryRun(launch(kernel, out, 1, 16), seed)).startsWith(message);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing_barrier", "warp_exchange_without_sync"})
    void aMissingBarrierGivesWrongResultsInSomeOrder(String kernel) {
        Set<Boolean> right = new HashSet<>();
        for (int seed = 0; seed < 5; seed++) {
            try (GuardedArray out = GuardedArray.of(CudaType.INT32, new double[64])) {
                HostCuda.run(launch(kernel, out, 1, 0), seed);
                double[] values = out.read();
                boolean allRight = true;
                for (int i = 0; i < 64; i++) {
                    int expected = kernel.equals("missing_barrier") ? (i + 1) % 64 : i ^ 1;
                    allRight = allRight && values[i] == expected;
                }
                right.add(allRight);
            }
        }
        assertThat(right).contains(false);
    }

    @Test
    void atomicsCountEveryThreadOnce() {
        try (GuardedArray out = GuardedArray.of(CudaType.INT32, new double[6])) {
            HostCuda.run(launch("counts_by_atomics", out, 4, 0), 1);
            assertThat(out.read()).containsExactly(256, 255, 16, 16, 16, 16);
        }
    }

    @Test
    void argumentsOfAnotherTypeAreRefused() {
        try (GuardedArray out = GuardedArray.of(CudaType.INT32, new double[64])) {
            Launch right = launch("missing_barrier", out, 1, 0);
            Launch wrong = new Launch(
                    right.kernel(),
                    right.grid(),
                    right.block(),
                    0,
                    KernelArguments.builder().int64(out.address()).build());
            assertThatThrownBy(() -> HostCuda.tryRun(wrong, 1))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("signature of missing_barrier");
        }
    }

    private static Launch launch(String kernel, GuardedArray out, int blocks, int sharedBytes) {
        return new Launch(
                new KernelName(CudaSource.ELEMENTWISE, kernel),
                new Extent(blocks),
                new Extent(kernel.startsWith("shuffle") || kernel.startsWith("index") ? 32 : 64),
                sharedBytes,
                KernelArguments.builder().pointer(out.address()).build());
    }
}
