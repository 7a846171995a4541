package dev.tartan.backend.host;

import java.util.List;

/** Kernels that run one after another as one. */
public final class HostSequence implements HostKernel {
    private final HostKernel[] kernels;

    /** Runs {@code kernels} in order. */
    public HostSequence(List<HostKernel> kernels) {
        this.kernels = kernels.toArray(new HostKernel[0]);
    }

    @Override
    public void run() {
        for (HostKernel kernel : kernels) {
            kernel.run();
        }
    }

    @Override
    public void close() {
        for (HostKernel kernel : kernels) {
            kernel.close();
        }
    }
}
