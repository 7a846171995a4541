package dev.tartan.backend.cuda;

import dev.tartan.backend.Kernel;
import dev.tartan.backend.Stream;
import java.util.List;

/**
 * Kernels and copies that are given to the GPU as one graph. The first time they are enqueued one by one, so that
 * whatever libraries do on first use is done outside of a capture; the second time they are captured.
 */
final class CudaGraph implements Kernel {
    private static final int NONE = 0;

    private final CudaDriver driver;
    private final List<Kernel> kernels;
    private boolean ran;
    private long graph = NONE;

    CudaGraph(CudaDriver driver, List<Kernel> kernels) {
        this.driver = driver;
        this.kernels = List.copyOf(kernels);
    }

    @Override
    public void enqueue(Stream stream) {
        if (!ran) {
            kernels.forEach(kernel -> kernel.enqueue(stream));
            ran = true;
            return;
        }
        long handle = CudaStream.of(stream).handle();
        if (graph == NONE) {
            graph = capture(stream, handle);
        }
        driver.launchGraph(graph, handle);
    }

    private long capture(Stream stream, long handle) {
        driver.beginCapture(handle);
        try {
            kernels.forEach(kernel -> kernel.enqueue(stream));
        } catch (RuntimeException | Error e) {
            discard(handle, e);
            throw e;
        }
        return driver.endCapture(handle);
    }

    private void discard(long handle, Throwable cause) {
        try {
            driver.destroyGraph(driver.endCapture(handle));
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** Frees the graph only: the kernels are their makers'. */
    @Override
    public void close() {
        if (graph != NONE) {
            driver.destroyGraph(graph);
            graph = NONE;
        }
    }
}
