package dev.tartan.backend;

import java.util.List;

/** Kernels that run one after another as one. */
public final class KernelSequence implements Kernel {
    private final Kernel[] kernels;

    /** Runs {@code kernels} in order. */
    public KernelSequence(List<Kernel> kernels) {
        this.kernels = kernels.toArray(new Kernel[0]);
    }

    @Override
    public void run() {
        for (Kernel kernel : kernels) {
            kernel.run();
        }
    }

    @Override
    public void close() {
        for (Kernel kernel : kernels) {
            kernel.close();
        }
    }
}
