package dev.tartan.backend.cuda;

import dev.tartan.backend.Backend;
import java.io.IOException;
import java.nio.file.Path;

/** The CUDA backend on CUDA's presets and {@code host_driver.cpp}, but for products, for tests elsewhere. */
public final class HostDriverBackend {
    private HostDriverBackend() {}

    /** Skips the test where there is no such driver; compiled kernels are kept in {@code cache}. */
    public static Backend of(int numDevices, Path cache) throws IOException {
        HostDriver.require();
        System.setProperty(KernelCache.PROPERTY, cache.toString());
        CudaBackend presets = BytedecoCuda.backend();
        return new CudaBackend(
                numDevices, index -> new HostProductsDriver(((CudaDevice) presets.device(index)).driver()));
    }
}
