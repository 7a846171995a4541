package dev.tartan.backend;

import java.util.List;

/** Kernels that are enqueued one after another as one. */
final class KernelSequence implements Kernel {
    private final Kernel[] kernels;

    /** Enqueues {@code kernels} in order. */
    KernelSequence(List<Kernel> kernels) {
        this.kernels = kernels.toArray(new Kernel[0]);
    }

    @Override
    public void enqueue(Stream stream) {
        for (Kernel kernel : kernels) {
            kernel.enqueue(stream);
        }
    }

    @Override
    public void close() {
        for (Kernel kernel : kernels) {
            kernel.close();
        }
    }
}
