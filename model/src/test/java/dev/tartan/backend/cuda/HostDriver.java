package dev.tartan.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes a {@code libcuda.so.1} of {@code host_driver.cpp} where there is no driver, in the first folder of the loader's
 * search path, before any class of CUDA's presets is loaded.
 */
final class HostDriver {
    private static boolean made;

    private HostDriver() {}

    /** As {@link #require}, but a machine's own driver will do. */
    static void requireSome() throws IOException {
        if (!Files.exists(Path.of("/dev/nvidiactl"))) {
            require();
        }
    }

    /** Makes it if that has not been done; skips the test on a machine with a driver, or where it cannot be made. */
    static synchronized void require() throws IOException {
        assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")), "there is a driver, in whose place no other is put");
        String folders = System.getenv("LD_LIBRARY_PATH");
        boolean isOurs = folders != null && folders.split(":", -1)[0].endsWith("/target/cuda-driver");
        assumeTrue(isOurs, "LD_LIBRARY_PATH does not begin with target/cuda-driver; scripts/test-cuda sets it");
        if (!made) {
            HostCudaBuild.driver(Path.of(folders.split(":", -1)[0], "libcuda.so.1"));
            made = true;
        }
    }

    /** Launches a kernel with as much shared memory as it has. */
    static void expectLargeSharedMemory(dev.tartan.backend.Backend backend) {
        CudaDriver driver = ((CudaDevice) backend.device(0)).driver();
        AttentionKernels kernels = AttentionKernels.of(AttentionKernels.Cores.SCALAR, CudaType.FLOAT32, 256);
        int bytes = kernels.sharedBytes().get(2);
        if (bytes <= Launch.PLAIN_SHARED_BYTES) {
            throw new AssertionError("kernel takes no more than any may have: bytes=" + bytes);
        }
        Launch launch = new Launch(
                kernels.gradKeys(),
                new Launch.Extent(1),
                kernels.block(),
                bytes,
                KernelArguments.builder().build());
        driver.prepare(launch).close();
    }
}
