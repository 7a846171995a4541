package dev.tartan.backend.cuda;

import java.util.List;
import java.util.stream.Stream;

/** All kernels there are, and some of chains, to compile them ahead of time. */
final class KernelCatalog {
    private KernelCatalog() {}

    static List<KernelName> all() {
        return Stream.of(
                        ElementwiseLaunches.kernels(),
                        ChainLaunches.kernels(),
                        ReduceLaunches.kernels(),
                        NormLaunches.kernels(),
                        SoftmaxLaunches.kernels(),
                        EmbeddingLaunches.kernels(),
                        RotaryLaunches.kernels(),
                        AdamWLaunches.kernels(),
                        CopyLaunches.kernels(),
                        RandomLaunches.kernels(),
                        AttentionLaunches.kernels(),
                        Convolutions.kernels(),
                        DepthwiseLaunches.kernels(),
                        PoolLaunches.kernels(),
                        Recurrences.kernels())
                .flatMap(List::stream)
                .distinct()
                .toList();
    }
}
