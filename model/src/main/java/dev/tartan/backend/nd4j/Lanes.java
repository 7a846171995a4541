package dev.tartan.backend.nd4j;

import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.backend.host.Workers;
import java.util.List;

/** Kernels that do not depend on each other, shared out to the workers; each runs native kernels on one thread. */
record Lanes(Workers workers, List<HostKernel> lanes) implements HostKernel {
    /** Lists of kernels; those of one list run one after another. */
    static Lanes of(Workers workers, List<List<HostKernel>> lists) {
        return new Lanes(
                workers, lists.stream().<HostKernel>map(HostSequence::new).toList());
    }

    @Override
    public void run() {
        boolean parallel = workers.numThreads() > 1 && lanes.size() > 1;
        workers.run(lanes.size(), index -> {
            if (parallel) {
                OpenMp.setThreads(1);
            }
            lanes.get(index).run();
        });
        if (parallel) {
            OpenMp.setThreads(workers.numThreads());
        }
    }

    @Override
    public void close() {
        lanes.forEach(HostKernel::close);
    }
}
