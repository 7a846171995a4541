package dev.tartan.backend.cuda;

import java.util.List;

/** Kernels of {@code faulty_kernels.cu}, each with one fault that the host's CUDA must find. */
final class FaultyKernels {
    static final List<String> NAMES = List.of(
            "barrier_of_a_part",
            "barriers_at_two_places",
            "shuffle_of_a_part",
            "thread_ends_early",
            "index_past_the_end",
            "dynamic_past_the_end",
            "misaligned",
            "missing_barrier",
            "warp_exchange_without_sync",
            "counts_by_atomics");

    private FaultyKernels() {}
}
