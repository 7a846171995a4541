package dev.tartan.backend.host;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies the elements of a box between two memories, run by run of what lies together in both. Sizes and strides are in
 * elements; dims that lie together in both memories are merged first.
 */
final class StridedCopy implements HostKernel {
    private static final int TASK_BYTES = 128 * 1024;

    private final Workers workers;
    private final ByteBuffer from;
    private final ByteBuffer to;
    private final int fromStart;
    private final int toStart;
    private final int[] sizes;
    private final int[] fromStrides;
    private final int[] toStrides;
    private final int runBytes;
    private final int numRuns;

    /** One dim of the box. */
    record Dim(long size, long fromStride, long toStride) {}

    StridedCopy(
            Workers workers,
            ByteBuffer from,
            long fromStart,
            ByteBuffer to,
            long toStart,
            List<Dim> dims,
            int elementBytes) {
        this.workers = workers;
        this.from = from;
        this.to = to;
        this.fromStart = Math.toIntExact(fromStart * elementBytes);
        this.toStart = Math.toIntExact(toStart * elementBytes);
        List<Dim> merged = new ArrayList<>(merge(dims));
        int last = merged.size() - 1;
        boolean hasRuns = last >= 0 && merged.get(last).fromStride == 1 && merged.get(last).toStride == 1;
        runBytes = Math.toIntExact(elementBytes * (hasRuns ? merged.remove(last).size : 1));
        sizes = merged.stream().mapToInt(dim -> Math.toIntExact(dim.size)).toArray();
        fromStrides = merged.stream()
                .mapToInt(dim -> Math.toIntExact(dim.fromStride * elementBytes))
                .toArray();
        toStrides = merged.stream()
                .mapToInt(dim -> Math.toIntExact(dim.toStride * elementBytes))
                .toArray();
        int runs = 1;
        for (int size : sizes) {
            runs *= size;
        }
        numRuns = runs;
    }

    private static List<Dim> merge(List<Dim> dims) {
        List<Dim> merged = new ArrayList<>();
        for (Dim dim : dims) {
            if (dim.size == 1) {
                continue;
            }
            int last = merged.size() - 1;
            Dim outer = last < 0 ? dim : merged.get(last);
            boolean together = last >= 0
                    && outer.fromStride == dim.fromStride * dim.size
                    && outer.toStride == dim.toStride * dim.size;
            if (together) {
                merged.set(last, new Dim(outer.size * dim.size, dim.fromStride, dim.toStride));
            } else {
                merged.add(dim);
            }
        }
        return merged;
    }

    @Override
    public void run() {
        int runsPerTask = Math.max(1, TASK_BYTES / runBytes);
        int numTasks = (numRuns + runsPerTask - 1) / runsPerTask;
        workers.run(numTasks, task -> copy(task * runsPerTask, Math.min(numRuns, (task + 1) * runsPerTask)));
    }

    private void copy(int begin, int end) {
        int[] index = new int[sizes.length];
        int rest = begin;
        int source = fromStart;
        int target = toStart;
        for (int i = sizes.length - 1; i >= 0; i--) {
            index[i] = rest % sizes[i];
            rest /= sizes[i];
            source += index[i] * fromStrides[i];
            target += index[i] * toStrides[i];
        }
        for (int run = begin; run < end; run++) {
            to.put(target, from, source, runBytes);
            for (int i = sizes.length - 1; i >= 0; i--) {
                source += fromStrides[i];
                target += toStrides[i];
                if (++index[i] < sizes[i]) {
                    break;
                }
                source -= sizes[i] * fromStrides[i];
                target -= sizes[i] * toStrides[i];
                index[i] = 0;
            }
        }
    }
}
